/** Money is an integer number of fen everywhere; only here does it become words. */

/** 12345 → "123.45元"; always two decimals, as on the platform's bills. */
export function yuan(fen) {
  const sign = fen < 0 ? '-' : ''
  const whole = Math.abs(Math.trunc(fen))
  return `${sign}${Math.floor(whole / 100)}.${String(whole % 100).padStart(2, '0')}元`
}

/** "12", "12.3", "12.34" → fen; null for anything else. No floating point in between. */
export function fenOf(text) {
  const found = /^\s*(\d{1,7})(?:\.(\d{1,2}))?\s*$/.exec(String(text))
  return found ? Number(found[1]) * 100 + Number((found[2] ?? '').padEnd(2, '0') || 0) : null
}
