/** The customer's conversation as the page holds it: one reactive state, and the acts that change it. */

import { computed, reactive } from 'vue'
import { newClientId } from '../shared/clientId.js'
import { CallFailed, call, fileAddress, textOf, upload } from '../shared/http.js'
import { follow, socketAddress } from '../shared/live.js'
import { keepUnsent, readSession, readUnsent, writeSession } from './keeping.js'
import * as timeline from './timeline.js'

const TYPING_MS = 8000
const TELL_TYPING_MS = 3000
const TRIES = 7 // about a minute: as long as a database takes to start anew
const LONGEST_PAUSE = 15000
const REOPEN_MS = 60000

/**
 * Opens the conversation of the customer whom `token` (signed by the shop) names, about the order `orderId` if given.
 * `net` is connecting | live | polling | offline | denied; `owner` is bot | queue | agent. Calls and frames: docs/http.md.
 */
export function openConversation({ token: customerToken, orderId }) {
  const state = reactive({
    line: timeline.emptyTimeline(),
    net: 'connecting',
    owner: 'bot',
    queue: null,
    agent: '',
    trouble: '',
    typing: '',
    case: null,
    loaded: false,
    previews: {},
  })
  const files = new Map() // clientId → File; a File cannot be kept over a reload
  let session = readSession(customerToken, orderId)
  let conversationId = session?.conversationId
  let live = null
  let typingTimer = null
  let caseTimer = null
  let toldTypingAt = 0
  const tried = new Map() // clientId → how often it failed without the customer asking again

  // ------------------------------------------------------------ hearing
  async function start() {
    try {
      if (!session) {
        const opened = await openSession()
        session = { token: opened.token, conversationId: opened.conversation_id, openedAt: Date.now() }
        writeSession(customerToken, orderId, session)
      }
    } catch (error) {
      state.net = error.status === 401 || error.status === 400 ? 'denied' : 'offline'
      if (state.net === 'offline') setTimeout(start, 3000)
      return
    }
    state.line = timeline.opened(state.line, conversationId === session.conversationId, readUnsent(session.conversationId))
    conversationId = session.conversationId
    keepUnsent(conversationId, state.line.pending)
    live = follow({
      address: socketAddress('/ws/chat', session.token),
      onFrame: hearFrame,
      poll: hearPoll,
      onState: hearState,
    })
  }

  async function openSession() {
    const body = { customer_token: customerToken }
    try {
      return await call('/api/v1/sessions', { method: 'POST', body: orderId ? { ...body, order_id: orderId } : body })
    } catch (error) {
      // An order that is not this customer's must not keep them from being heard.
      if (orderId && (error.status === 404 || error.status === 403)) return call('/api/v1/sessions', { method: 'POST', body })
      throw error
    }
  }

  async function hearPoll(waitSeconds, signal) {
    const after = state.line.complete
    const answer = await call(`/api/v1/messages?after=${after}&wait=${waitSeconds}`, { token: session.token, signal })
    state.line = timeline.fetched(state.line, after, answer.messages)
    hearOwner(answer)
    hearNew(answer.messages)
    if (!state.loaded) refreshCase()
    state.loaded = true
    sendNext()
  }

  function hearFrame(frame) {
    if (frame.type === 'message') {
      state.trouble = ''
      state.line = timeline.pushed(state.line, [frame.message])
      hearNew([frame.message])
      if (timeline.hasGap(state.line)) live.catchUp()
    } else if (frame.type === 'ready') live.catchUp() // from here on everything is pushed; what was fetched as the socket opened may be older
    else if (frame.type === 'owner') hearOwner(frame)
    else if (frame.type === 'typing') showTyping(frame.on ? frame.from : '')
    else if (frame.type === 'trouble') state.trouble = frame.text
  }

  function hearOwner({ owner, agent, queue }) {
    state.owner = owner
    state.agent = agent ?? ''
    state.queue = queue ?? null
  }

  function hearNew(messages) {
    if (!messages.length) return
    if (messages.some((message) => message.from !== 'customer')) state.typing = ''
    clearTimeout(caseTimer)
    caseTimer = setTimeout(refreshCase, 300)
  }

  function hearState(net) {
    if (net === 'denied' && Date.now() - session.openedAt > REOPEN_MS) {
      // The kept session has run out; the shop's token may still be good.
      writeSession(customerToken, orderId, null)
      session = null
      start()
      return
    }
    const wasCut = state.net === 'offline'
    state.net = net
    if (net !== 'live' && net !== 'polling') return
    if (wasCut) for (const item of state.line.pending) if (item.state === 'failed' && !item.final) retry(item.clientId)
    sendNext()
  }

  function showTyping(from) {
    if (from === 'bot' && state.owner === 'agent') return
    state.typing = from
    clearTimeout(typingTimer)
    typingTimer = setTimeout(() => (state.typing = ''), TYPING_MS)
  }

  async function refreshCase() {
    try {
      state.case = await call('/api/v1/case', { token: session.token })
    } catch (error) {
      if (error.status === 404) state.case = null
    }
  }

  // ------------------------------------------------------------ speaking
  function put(item, file) {
    const clientId = newClientId()
    if (file) files.set(clientId, file)
    state.line = timeline.written(state.line, { clientId, at: new Date().toISOString(), ...item })
    if (session) keepUnsent(session.conversationId, state.line.pending)
    sendNext()
  }

  async function sendNext() {
    const item = session && timeline.nextToSend(state.line)
    if (!item) return
    state.line = timeline.sending(state.line, item.clientId)
    try {
      const { seq } = await post(item)
      if (item.preview) state.previews[seq] = { address: item.preview, type: item.type }
      files.delete(item.clientId)
      state.line = timeline.accepted(state.line, item.clientId, seq)
      if (state.net !== 'live') live.catchUp()
      state.trouble = ''
      if (state.owner === 'bot') showTyping('bot')
    } catch (error) {
      const passing = error instanceof CallFailed && error.passing
      const tries = (tried.get(item.clientId) ?? 0) + 1
      const again = passing && tries < TRIES
      tried.set(item.clientId, tries)
      state.line = timeline.failed(state.line, item.clientId, error.message, { final: !passing, again })
      if (error.status === 0) live.catchUp() // a cut line shows here first; once it holds again everything is resent
      if (again) setTimeout(() => retry(item.clientId), Math.min(1000 * 2 ** tries, LONGEST_PAUSE))
    }
    keepUnsent(session.conversationId, state.line.pending)
    sendNext()
  }

  function post(item) {
    const path = '/api/v1/messages'
    if (item.file) {
      const form = new FormData()
      form.append('client_id', item.clientId)
      if (item.kind) form.append('kind', item.kind)
      form.append('file', files.get(item.clientId))
      const onShare = (share) => (state.line = timeline.sharing(state.line, item.clientId, share))
      return upload(path, { token: session.token, form, onShare })
    }
    const body = item.choice ? { client_id: item.clientId, choice: item.choice } : { client_id: item.clientId, text: item.text }
    return call(path, { method: 'POST', token: session.token, body })
  }

  function retry(clientId) {
    const item = state.line.pending.find((each) => each.clientId === clientId)
    if (!item || item.state !== 'failed') return
    state.line = timeline.retried(state.line, clientId)
    sendNext()
  }

  function drop(clientId) {
    state.line = timeline.dropped(state.line, clientId)
    files.delete(clientId)
    keepUnsent(session.conversationId, state.line.pending)
    sendNext() // what waited behind it
  }

  function tellTyping() {
    const now = Date.now()
    if (now - toldTypingAt < TELL_TYPING_MS) return
    toldTypingAt = now
    live?.say({ type: 'typing', on: true })
  }

  start()
  return {
    state,
    unlisted: computed(() => timeline.unlisted(state.line)),
    say: (text) => put({ text }),
    choose: (choice) => put({ choice: choice.id, text: choice.label }),
    sendFile: (file, kind, preview) => put({ text: '', file: true, name: file.name, type: file.type, kind, preview }, file),
    retry: (clientId) => {
      tried.delete(clientId)
      retry(clientId)
    },
    drop,
    tellTyping,
    rate: (stars, text) => call('/api/v1/rating', { method: 'POST', token: session.token, body: text ? { stars, text } : { stars } }),
    address: (uploadId) => fileAddress(`/api/v1/files/${encodeURIComponent(uploadId)}`, session.token),
    transcript: () => textOf('/api/v1/transcript', session.token),
  }
}
