/** Times arrive as RFC 3339 and are shown in the shop's zone, wherever the browser stands. */

// China has had no summer time since 1991: the zone is a fixed offset, which old built-in browsers can do without Intl zones.
const ZONE_MINUTES = 8 * 60

function parts(at) {
  const shifted = new Date(new Date(at).getTime() + ZONE_MINUTES * 60000)
  return {
    year: shifted.getUTCFullYear(),
    month: shifted.getUTCMonth() + 1,
    day: shifted.getUTCDate(),
    hour: shifted.getUTCHours(),
    minute: shifted.getUTCMinutes(),
  }
}

const two = (number) => String(number).padStart(2, '0')

/** "14:05" */
export function clock(at) {
  const { hour, minute } = parts(at)
  return `${two(hour)}:${two(minute)}`
}

/** "11月25日" */
export function day(at) {
  const { month, day } = parts(at)
  return `${month}月${day}日`
}

/** "11月25日 14:05" */
export function moment(at) {
  return `${day(at)} ${clock(at)}`
}

/** "2026-11-25", for a date field and for sorting. */
export function isoDay(at) {
  const { year, month, day } = parts(at)
  return `${year}-${two(month)}-${two(day)}`
}

/** What separates two days of a conversation: "今天", "昨天" or "11月20日". */
export function dayName(at, now) {
  const days = Math.round((Date.parse(isoDay(now)) - Date.parse(isoDay(at))) / 86400000)
  return days === 0 ? '今天' : days === 1 ? '昨天' : day(at)
}

/** Time left until `at`: "2天3小时", "3小时20分", "5分12秒"; "已超时 …" when it is past. */
export function left(at, now) {
  const seconds = Math.floor((new Date(at).getTime() - now) / 1000)
  return seconds < 0 ? `已超时 ${span(-seconds)}` : span(seconds)
}

/** A length in seconds in its two largest units. */
export function span(seconds) {
  const whole = Math.round(seconds)
  if (whole >= 86400) return `${Math.floor(whole / 86400)}天${Math.floor((whole % 86400) / 3600)}小时`
  if (whole >= 3600) return `${Math.floor(whole / 3600)}小时${Math.floor((whole % 3600) / 60)}分`
  if (whole >= 60) return `${Math.floor(whole / 60)}分${whole % 60}秒`
  return `${whole}秒`
}
