/** Who is signed in at the desk and the insight page; one tab, until it is closed or signed out. */

import { ref } from 'vue'
import { call } from './http.js'

const KEY = 'heqi:staff'

function read() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY))
  } catch {
    return null
  }
}

function keep(staff) {
  try {
    if (staff) sessionStorage.setItem(KEY, JSON.stringify(staff))
    else sessionStorage.removeItem(KEY)
  } catch {
    // Signed in until the page is reloaded.
  }
}

/** { token, name, role: agent | supervisor | owner } or null. */
export const staff = ref(read())

export async function signIn(user, password) {
  const answer = await call('/api/v1/desk/login', { method: 'POST', body: { user, password } })
  staff.value = answer
  keep(answer)
}

export function signOut() {
  staff.value = null
  keep(null)
}

/** A call in the name of the signed-in person; a token that ran out signs out. Throws CallFailed. */
export async function staffCall(path, options = {}) {
  try {
    return await call(path, { ...options, token: staff.value?.token })
  } catch (error) {
    if (error.status === 401) signOut()
    throw error
  }
}
