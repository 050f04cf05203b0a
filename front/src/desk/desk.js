/** The desk as one reactive state: the lists, the chosen case with its live conversation, and what is heard of them. */

import { computed, reactive } from 'vue'
import { follow, socketAddress } from '../shared/live.js'
import { staff, staffCall } from '../shared/staff.js'
import { ring } from './bell.js'

const POLL_MS = 4000
const TYPING_MS = 6000
const ALARM_MS = 15000

export function openDesk() {
  const state = reactive({
    tab: 'queue', // queue | mine | all
    cases: [],
    waiting: null, // how many cases wait for a person; null until it is told
    loaded: false,
    chosen: '', // case_id
    detail: null, // what GET /desk/cases/{id} answered
    typing: false,
    net: 'connecting',
    alarm: null, // { count, oldest_seconds }: customers nobody answered
    unpaid: null, // { count, fen, oldest_seconds }: payouts the platform goes on refusing
    agents: [],
    now: Date.now(),
  })
  const caseOf = (id) => `/api/v1/desk/cases/${encodeURIComponent(id)}`
  const ticking = setInterval(() => (state.now = Date.now()), 1000)
  let live = null
  let known = null // case ids that were in the queue; null before the first look
  let typingTimer = null
  let refreshTimer = null
  let alarmTimer = null
  let unpaidTimer = null

  // ------------------------------------------------------------ hearing
  async function poll(waitSeconds, signal) {
    if (waitSeconds) await pause(signal)
    await Promise.all([refreshCases(), refreshDetail()])
  }

  function pause(signal) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, POLL_MS)
      signal.addEventListener('abort', () => {
        clearTimeout(timer)
        reject(Object.assign(new Error('aborted'), { name: 'AbortError' }))
      })
    })
  }

  async function refreshCases() {
    const tab = state.tab
    const { cases } = await staffCall(`/api/v1/desk/cases?state=${tab}`)
    if (tab !== state.tab) return
    state.cases = cases
    state.loaded = true
    if (tab === 'queue') announce(cases)
  }

  function announce(cases) {
    const fresh = known && cases.filter((each) => !known.has(each.case_id))
    known = new Set(cases.map((each) => each.case_id))
    if (fresh?.length) ring('有新的顾客在等人工', fresh[0].title ?? '')
  }

  async function refreshDetail() {
    const id = state.chosen
    if (!id) return
    const detail = await staffCall(caseOf(id))
    if (id === state.chosen) state.detail = detail
  }

  function hear(frame) {
    const here = state.detail && frame.conversation_id === state.detail.conversation_id
    switch (frame.type) {
      case 'ready':
        watchChosen()
        break
      case 'cases':
        clearTimeout(refreshTimer)
        refreshTimer = setTimeout(() => live?.catchUp(), 200)
        break
      case 'queue':
        // With the queue in view its list announces the newcomers by their goods.
        if (state.tab !== 'queue' && state.waiting !== null && frame.waiting > state.waiting) ring('有新的顾客在等人工', '')
        state.waiting = frame.waiting
        break
      case 'assigned':
        ring('有顾客分给您', '')
        show('mine')
        break
      case 'message':
        if (here) addMessage(frame.message)
        if (frame.message.from === 'customer' && document.hidden) ring('顾客发来消息', frame.message.text)
        break
      case 'owner':
        if (here) state.detail.desk = { ...state.detail.desk, owner: frame.owner, agent: frame.agent }
        break
      case 'typing':
        if (here) showTyping(frame.on)
        break
      case 'unanswered':
        // It comes again and again while somebody waits; silence means that nobody does.
        state.alarm = frame
        clearTimeout(alarmTimer)
        alarmTimer = setTimeout(() => (state.alarm = null), ALARM_MS)
        break
      case 'unpaid': // as above
        state.unpaid = frame
        clearTimeout(unpaidTimer)
        unpaidTimer = setTimeout(() => (state.unpaid = null), ALARM_MS)
        break
    }
  }

  /** Number of the newest message of the chosen conversation that stands on the page. */
  function shownThrough() {
    return state.detail.messages.at(-1)?.seq ?? 0
  }

  function addMessage(message) {
    const list = state.detail.messages
    const newest = shownThrough()
    if (list.some((each) => each.seq === message.seq)) return
    state.typing = false
    if (message.seq > newest) state.detail.messages = [...list, message]
    if (message.seq > newest + 1) live.catchUp()
  }

  function showTyping(on) {
    state.typing = on
    clearTimeout(typingTimer)
    typingTimer = setTimeout(() => (state.typing = false), TYPING_MS)
  }

  function watchChosen() {
    if (state.detail) live?.say({ type: 'watch', conversation_id: state.detail.conversation_id })
  }

  function start() {
    live = follow({
      address: socketAddress('/ws/desk', staff.value.token),
      onFrame: hear,
      poll,
      onState: (net) => (state.net = net),
    })
  }

  // ------------------------------------------------------------ doing
  async function show(tab) {
    state.tab = tab
    state.loaded = false
    await refreshCases()
  }

  async function choose(id) {
    if (state.detail) live?.say({ type: 'unwatch', conversation_id: state.detail.conversation_id })
    Object.assign(state, { chosen: id, detail: null, typing: false })
    await refreshDetail()
    watchChosen()
  }

  /** One act on the chosen case; afterwards everything shown is fetched again. Throws CallFailed. */
  async function act(name, body = {}) {
    try {
      return await staffCall(`${caseOf(state.chosen)}/${name}`, { method: 'POST', body })
    } finally {
      live?.catchUp()
    }
  }

  async function loadAgents() {
    state.agents = (await staffCall('/api/v1/desk/agents')).agents
  }

  function away() {
    live?.say({ type: 'away' })
    live?.stop()
    live = null
    state.net = 'away'
  }

  function close() {
    clearInterval(ticking)
    live?.stop()
  }

  start()
  return {
    state,
    chosenCase: computed(() => state.cases.find((each) => each.case_id === state.chosen)),
    isMine: computed(() => state.detail?.desk.agent === staff.value?.name && state.detail?.desk.owner === 'agent'),
    show,
    choose,
    act,
    loadAgents,
    shownThrough,
    tellTyping: (on) => live?.say({ type: 'typing', conversation_id: state.detail.conversation_id, on }),
    away,
    back: start,
    close,
  }
}
