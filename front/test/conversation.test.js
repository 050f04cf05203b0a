import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openConversation } from '../src/chat/conversation.js' // before there is a document, else Vue would draw on it

// The browser, as far as a conversation needs it. `list` is what the server has; every socket that was opened is in `sockets`.
const list = []
const sockets = []
let fetches = 0

class Socket {
  readyState = 0
  constructor() {
    sockets.push(this)
  }
  send() {}
  close() {}
}

function answer(path) {
  if (path.startsWith('/api/v1/sessions')) return { conversation_id: 'cnv_1', token: 'x.y.z' }
  if (path.startsWith('/api/v1/case')) return {}
  fetches += 1
  const after = Number(new URLSearchParams(path.split('?')[1]).get('after'))
  return { messages: list.filter(({ seq }) => seq > after), owner: 'agent', agent: 'xiaoli', queue: null }
}

Object.assign(globalThis, {
  WebSocket: Socket,
  fetch: async (path, { signal }) => {
    if (path.includes('wait=25')) return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    return { ok: true, json: async () => answer(path) }
  },
  location: { protocol: 'http:', host: 'shop' },
  document: { visibilityState: 'visible', addEventListener() {}, removeEventListener() {} },
  window: { addEventListener() {}, removeEventListener() {} },
})

/** Lets everything that is under way happen. */
const settled = () => new Promise((resolve) => setImmediate(resolve))

test('what was written after the socket opened and before it was ready is fetched', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] })
  const { state } = openConversation({ token: 'the shop says' })
  while (!sockets.length) await settled()
  const [socket] = sockets
  socket.readyState = 1
  const before = fetches
  socket.onopen()
  while (fetches === before) await settled()
  list.push({ seq: 1, from: 'agent', at: '2026-11-24T12:00:00+08:00', text: '您好', choices: [], card: null })
  socket.onmessage({ data: JSON.stringify({ type: 'ready', owner: 'agent', last_seq: 1 }) })
  for (let turn = 0; turn < 20; turn += 1) await settled()
  assert.deepEqual(state.line.messages.map(({ text }) => text), ['您好'])
})
