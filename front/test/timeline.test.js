import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  accepted, emptyTimeline, failed, fetched, hasGap, nextToSend, opened, pushed, retried, sending, unlisted, written,
} from '../src/chat/timeline.js'

const said = (seq, from = 'bot') => ({ seq, from, text: `第${seq}句` })
const seqs = (timeline) => timeline.messages.map((message) => message.seq)

test('messages that come twice or in any order are one ordered list', () => {
  let timeline = pushed(emptyTimeline(), [said(2)])
  timeline = fetched(timeline, 0, [said(1), said(2), said(3)])
  timeline = pushed(timeline, [said(3), said(2)])
  assert.deepEqual(seqs(timeline), [1, 2, 3])
  assert.equal(timeline.complete, 3)
})

test('a lost push leaves a gap, and the next question asks from before it', () => {
  let timeline = fetched(emptyTimeline(), 0, [said(1)])
  timeline = pushed(timeline, [said(3)])
  assert.equal(hasGap(timeline), true)
  assert.equal(timeline.complete, 1)
  timeline = fetched(timeline, timeline.complete, [said(2), said(3)])
  assert.deepEqual(seqs(timeline), [1, 2, 3])
  assert.equal(hasGap(timeline), false)
})

test('seqs with holes on the server do not count as missing once they were fetched', () => {
  const timeline = fetched(emptyTimeline(), 0, [said(2), said(5)])
  assert.equal(timeline.complete, 5)
  assert.equal(hasGap(timeline), false)
})

test('an own message is shown once: before, while and after the server lists it', () => {
  let timeline = written(emptyTimeline(), { clientId: 'a', text: '你好' })
  assert.equal(unlisted(timeline).length, 1)
  timeline = sending(timeline, 'a')
  timeline = pushed(timeline, [said(1, 'customer')]) // the push overtakes the answer
  assert.equal(unlisted(timeline).length, 0)
  timeline = accepted(timeline, 'a', 1)
  assert.deepEqual(timeline.pending, [])
})

test('an own message from another window does not swallow the one on its way', () => {
  let timeline = sending(written(emptyTimeline(), { clientId: 'a', text: '你好' }), 'a')
  timeline = pushed(timeline, [said(1, 'customer')]) // another window's
  timeline = accepted(timeline, 'a', 2)
  assert.deepEqual(unlisted(timeline).map((item) => item.clientId), ['a'])
  timeline = pushed(timeline, [said(2, 'customer')])
  assert.deepEqual(timeline.pending, [])
})

test('messages go out one at a time in the order of writing; a failed one holds nobody up', () => {
  let timeline = written(written(emptyTimeline(), { clientId: 'a', text: '一' }), { clientId: 'b', text: '二' })
  assert.equal(nextToSend(timeline).clientId, 'a')
  timeline = sending(timeline, 'a')
  assert.equal(nextToSend(timeline), undefined)
  timeline = failed(timeline, 'a', '网络不通', { again: true })
  assert.equal(nextToSend(timeline), undefined) // b must not overtake it
  timeline = failed(timeline, 'a', '网络不通', {})
  assert.equal(nextToSend(timeline).clientId, 'b')
  timeline = retried(timeline, 'a')
  assert.equal(nextToSend(timeline).clientId, 'a')
})

test('words typed before the session opens wait for it; those from before a reload come first, once', () => {
  const typed = written(written(emptyTimeline(), { clientId: 'b', text: '我的杯子碎了' }), { clientId: 'c', text: '怎么办' })
  const first = opened(typed, false, [{ clientId: 'a', text: '在吗' }, { clientId: 'b', text: '我的杯子碎了' }])
  assert.deepEqual(first.pending.map((item) => item.clientId), ['a', 'b', 'c'])
  assert.equal(nextToSend(first).clientId, 'a')
  assert.deepEqual(opened(first, true, [{ clientId: 'a', text: '在吗' }]).pending, first.pending)
})

test('another conversation begins empty, but for words no server has', () => {
  const old = fetched(sending(written(emptyTimeline(), { clientId: 'a', text: '在吗' }), 'a'), 0, [{ seq: 1, from: 'bot', text: '您好' }])
  const fresh = opened(old, false, [])
  assert.deepEqual(fresh.messages, [])
  assert.deepEqual(fresh.pending.map(({ clientId, state }) => [clientId, state]), [['a', 'waiting']])
})
