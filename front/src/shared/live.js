/**
 * Follows the server: a socket while it holds, long polling whenever it does not.
 *
 * The socket is only a faster way to hear; what is true is what `poll` fetches. So `poll` runs once
 * after every (re)connection, now and then while the socket looks healthy (a one-way network shows no
 * error), and when the page comes back to the front (phones freeze pages in the background).
 */

const LONG_POLL_SECONDS = 25
const ANSWER_SECONDS = 10
const CHECK_MS = 20000
const MOST_PAUSE_MS = 30000

/** ws:// or wss:// address of a path on this server. */
export function socketAddress(path, token) {
  const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:'
  return `${scheme}//${location.host}${path}?token=${encodeURIComponent(token)}`
}

/**
 * @param {object} how
 * @param {string} how.address the socket's address
 * @param {(frame: object) => void} how.onFrame hears each JSON frame of the socket
 * @param {(waitSeconds: number, signal: AbortSignal) => Promise<void>} how.poll fetches what is missing
 * @param {(state: 'live'|'polling'|'offline'|'denied') => void} how.onState
 * @returns {{ say: (frame: object) => void, catchUp: () => void, stop: () => void }}
 */
export function follow({ address, onFrame, poll, onState }) {
  let socket = null
  let stopped = false
  let attempts = 0
  let polling = null // AbortController of the running long poll
  let reopening = null

  const isOpen = () => socket !== null && socket.readyState === 1

  function deny(error) {
    if (error.status !== 401) return false
    onState('denied')
    stop()
    return true
  }

  /** One poll that cannot hang: a dead network answers neither yes nor no. */
  async function pollOnce(waitSeconds, controller) {
    let late = false
    const timer = setTimeout(() => {
      late = true
      controller.abort()
    }, (waitSeconds + ANSWER_SECONDS) * 1000)
    try {
      await poll(waitSeconds, controller.signal)
    } catch (error) {
      throw late ? new Error('no answer in time') : error
    } finally {
      clearTimeout(timer)
    }
  }

  async function fetchMissing() {
    try {
      await pollOnce(0, new AbortController())
      if (!stopped) onState(isOpen() ? 'live' : 'polling')
    } catch (error) {
      if (stopped || deny(error)) return
      onState('offline')
      if (socket) socket.close()
    }
  }

  async function pollWhileClosed() {
    if (polling) return
    let fresh = true // ask at once first, so that the page is filled before anything is waited for
    let failures = 0
    while (!stopped && !isOpen()) {
      polling = new AbortController()
      try {
        await pollOnce(fresh ? 0 : LONG_POLL_SECONDS, polling)
        fresh = false
        failures = 0
        if (!stopped && !isOpen()) onState('polling')
      } catch (error) {
        if (stopped || isOpen() || deny(error)) break
        if (error.name === 'AbortError') continue
        onState('offline')
        fresh = true
        failures += 1
        await pause(failures)
      }
    }
    polling = null
  }

  function openSocket() {
    clearTimeout(reopening)
    if (stopped || typeof WebSocket === 'undefined' || (socket && socket.readyState <= 1)) return
    socket = new WebSocket(address)
    socket.onopen = () => {
      attempts = 0
      if (polling) polling.abort()
      fetchMissing()
    }
    socket.onmessage = (event) => {
      try {
        onFrame(JSON.parse(event.data))
      } catch {
        // A frame that is no JSON changes nothing; the next check fetches the truth.
      }
    }
    socket.onclose = () => {
      socket = null
      if (stopped) return
      attempts += 1
      reopening = setTimeout(openSocket, pauseMs(attempts))
      pollWhileClosed()
    }
  }

  function wake() {
    if (document.visibilityState === 'hidden') return
    if (isOpen()) fetchMissing()
    else openSocket()
  }

  const check = setInterval(() => isOpen() && fetchMissing(), CHECK_MS)
  document.addEventListener('visibilitychange', wake)
  window.addEventListener('online', wake)

  function stop() {
    stopped = true
    clearInterval(check)
    clearTimeout(reopening)
    document.removeEventListener('visibilitychange', wake)
    window.removeEventListener('online', wake)
    if (polling) polling.abort()
    if (socket) socket.close()
  }

  openSocket()
  pollWhileClosed()
  return {
    say: (frame) => isOpen() && socket.send(JSON.stringify(frame)),
    catchUp: fetchMissing,
    stop,
  }
}

function pauseMs(failures) {
  return Math.min(MOST_PAUSE_MS, 500 * 2 ** failures) * (0.75 + Math.random() / 2)
}

function pause(failures) {
  return new Promise((resolve) => setTimeout(resolve, pauseMs(failures)))
}
