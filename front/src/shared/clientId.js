/** An id that stays with what was sent until it has gone through: said twice, it is done once. */

/** crypto.randomUUID is missing on plain http and in older built-in browsers. */
export function newClientId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
