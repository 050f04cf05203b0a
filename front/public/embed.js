/*
 * Puts the chat into any page of the shop:
 *   <script src="https://…/embed.js" data-token="…signed by the shop…" data-order="…" async></script>
 * data-button="none" leaves the floating button away; Heqi.open({ token, order }) opens it from anywhere.
 * Nothing is loaded before the customer opens the chat.
 */
(function () {
  'use strict'
  var script = document.currentScript
  var server = new URL(script.src).origin
  var frame = null
  var openedFor = ''
  var opener = null
  var button = null

  var style = document.createElement('style')
  style.textContent =
    '.heqi-button{position:fixed;right:16px;bottom:24px;z-index:2147483000;min-height:48px;padding:0 20px;border:0;border-radius:24px;' +
    'background:#a8392a;color:#fff;font:600 16px/1 system-ui,sans-serif;cursor:pointer;box-shadow:0 2px 12px rgba(0,0,0,.25)}' +
    '.heqi-frame{position:fixed;z-index:2147483001;right:24px;bottom:24px;width:400px;height:min(680px,calc(100vh - 48px));' +
    'border:0;border-radius:16px;background:#fff;box-shadow:0 4px 32px rgba(0,0,0,.3)}' +
    '.heqi-frame[hidden],.heqi-button[hidden]{display:none}' +
    '@media (max-width:600px){.heqi-frame{right:0;bottom:0;width:100%;height:100%;border-radius:0}}'
  document.head.appendChild(style)

  function open(about) {
    about = about || {}
    var values = new URLSearchParams()
    var named = { token: about.token || script.dataset.token || '', order: about.order || script.dataset.order || '' }
    for (var name in named) if (named[name]) values.set(name, named[name])
    var hash = values.toString()
    opener = document.activeElement
    if (!frame || openedFor !== hash) {
      if (frame) frame.remove()
      frame = document.createElement('iframe')
      frame.className = 'heqi-frame'
      frame.title = '客服聊天'
      frame.src = server + '/chat#' + hash
      openedFor = hash
      document.body.appendChild(frame)
    }
    frame.hidden = false
    if (button) button.hidden = true
    frame.focus()
  }

  function close() {
    if (frame) frame.hidden = true
    if (button) button.hidden = false
    if (opener && opener.focus) opener.focus()
  }

  window.addEventListener('message', function (event) {
    if (frame && event.source === frame.contentWindow && event.origin === server && event.data === 'heqi:close') close()
  })

  function addButton() {
    if (script.dataset.button === 'none') return
    button = document.createElement('button')
    button.type = 'button'
    button.className = 'heqi-button'
    button.textContent = '联系客服'
    button.addEventListener('click', function () {
      open()
    })
    document.body.appendChild(button)
  }

  window.Heqi = { open: open, close: close }
  if (document.body) addButton()
  else document.addEventListener('DOMContentLoaded', addButton)
})()
