/** What outlives a reload. Built-in browsers may forbid storage: then the page works, it only forgets. */

function read(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key))
  } catch {
    return null
  }
}

function write(key, value) {
  try {
    if (value === null) sessionStorage.removeItem(key)
    else sessionStorage.setItem(key, JSON.stringify(value))
  } catch {
    // Not kept.
  }
}

/** The session this tab opened with the same shop token about the same order, or null. */
export function readSession(customerToken, orderId) {
  const kept = read('heqi:session')
  return kept && kept.customerToken === customerToken && kept.orderId === orderId ? kept : null
}

export function writeSession(customerToken, orderId, session) {
  write('heqi:session', session && { ...session, customerToken, orderId })
}

/** Own words the server has not confirmed; the same client id makes sending them again harmless. */
export function readUnsent(conversationId) {
  return read(`heqi:unsent:${conversationId}`) ?? []
}

export function keepUnsent(conversationId, pending) {
  const unsent = pending
    .filter((item) => item.state !== 'sent' && !item.file)
    .map(({ clientId, at, text, choice }) => ({ clientId, at, text, choice }))
  write(`heqi:unsent:${conversationId}`, unsent.length ? unsent : null)
}

/** Whether this case was rated on this device. */
export const wasRated = (caseId) => read('heqi:rated')?.includes(caseId) ?? false
export const markRated = (caseId) => write('heqi:rated', [...(read('heqi:rated') ?? []), caseId])
