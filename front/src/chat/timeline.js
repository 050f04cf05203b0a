/**
 * What the customer sees of a conversation: the server's list, and behind it what is still on its way.
 * Pure: every function takes a timeline and gives a new one.
 *
 * A timeline is { messages, pending, complete }:
 * - messages: the server's, one for each seq, in order;
 * - pending: own messages the list does not show yet: { clientId, state, text, … } with state
 *   'waiting' | 'sending' | 'sent' | 'failed'; `seq` once the server gave one;
 * - complete: up to this seq nothing is missing; ask the server for what comes after it.
 */

export function emptyTimeline() {
  return { messages: [], pending: [], complete: 0 }
}

/** Takes over the answer to "everything after `after`": complete up to its newest message. */
export function fetched(timeline, after, list) {
  const merged = merge(timeline, list)
  const newest = list.reduce((most, message) => Math.max(most, message.seq), after)
  return after <= timeline.complete ? { ...merged, complete: Math.max(timeline.complete, newest) } : merged
}

/** Takes over messages the server pushed; they only count as complete where they follow without a gap. */
export function pushed(timeline, list) {
  const merged = merge(timeline, list)
  let complete = timeline.complete
  for (const message of merged.messages) if (message.seq === complete + 1) complete += 1
  return { ...merged, complete }
}

/** Whether something lies between what is complete and the newest message known. */
export function hasGap(timeline) {
  const newest = timeline.messages[timeline.messages.length - 1]
  return newest !== undefined && newest.seq > timeline.complete
}

function merge(timeline, list) {
  const known = new Map(timeline.messages.map((message) => [message.seq, message]))
  let pending = timeline.pending
  for (const message of list) {
    if (known.has(message.seq)) continue
    known.set(message.seq, message)
    if (message.from === 'customer') pending = bind(pending, message.seq)
  }
  const messages = [...known.values()].sort((a, b) => a.seq - b.seq)
  return { ...timeline, messages, pending: pending.filter((item) => !(item.state === 'sent' && known.has(item.seq))) }
}

/** An own message can be pushed before its call is answered; one call runs at a time, so it is that one. */
function bind(pending, seq) {
  if (pending.some((item) => item.seq === seq)) return pending
  return replaceFirst(pending, (item) => item.state === 'sending' && item.seq === undefined, (item) => ({ ...item, seq }))
}

/** A new own message: shown at once, behind everything else. */
export function written(timeline, item) {
  return { ...timeline, pending: [...timeline.pending, { ...item, state: 'waiting' }] }
}

/**
 * What stays when a session opens: of the same conversation everything, of another one only the customer's own words
 * that no server has yet (typed before the session was there). `kept` are those from before a reload; they come first.
 */
export function opened(timeline, isSame, kept) {
  const own = timeline.pending.filter((item) => item.state !== 'sent').map((item) => ({ ...item, state: 'waiting', seq: undefined }))
  const base = isSame ? timeline : { ...emptyTimeline(), pending: own }
  const known = new Set(base.pending.map((item) => item.clientId))
  const before = kept.filter((item) => !known.has(item.clientId)).map((item) => ({ ...item, state: 'waiting' }))
  return { ...base, pending: [...before, ...base.pending] }
}

/** The message to send next, or undefined; one at a time keeps their order, and none overtakes one that is tried again. */
export function nextToSend(timeline) {
  if (timeline.pending.some((item) => item.state === 'sending' || (item.state === 'failed' && item.again))) return undefined
  return timeline.pending.find((item) => item.state === 'waiting')
}

export const sending = (timeline, clientId) => change(timeline, clientId, { state: 'sending', share: 0 })
export const sharing = (timeline, clientId, share) => change(timeline, clientId, { share })
export const retried = (timeline, clientId) => change(timeline, clientId, { state: 'waiting', problem: undefined })

/** `final`: sending the same again cannot help (the server said why in `problem`); `again`: the page tries it once more by itself. */
export const failed = (timeline, clientId, problem, { final = false, again = false }) =>
  change(timeline, clientId, { state: 'failed', seq: undefined, problem, final, again })

/** The server has it under `seq`; it stays pending only until the list shows that seq. */
export function accepted(timeline, clientId, seq) {
  const changed = change(timeline, clientId, { state: 'sent', seq })
  const listed = changed.messages.some((message) => message.seq === seq)
  return listed ? dropped(changed, clientId) : changed
}

export function dropped(timeline, clientId) {
  return { ...timeline, pending: timeline.pending.filter((item) => item.clientId !== clientId) }
}

/** Own messages that the list does not show yet, in the order of writing. */
export function unlisted(timeline) {
  const listed = new Set(timeline.messages.map((message) => message.seq))
  return timeline.pending.filter((item) => item.seq === undefined || !listed.has(item.seq))
}

function change(timeline, clientId, values) {
  const pending = replaceFirst(timeline.pending, (item) => item.clientId === clientId, (item) => ({ ...item, ...values }))
  return { ...timeline, pending }
}

function replaceFirst(list, fits, by) {
  const index = list.findIndex(fits)
  return index < 0 ? list : [...list.slice(0, index), by(list[index]), ...list.slice(index + 1)]
}
