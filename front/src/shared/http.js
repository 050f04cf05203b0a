/** The HTTP calls of the product (contracts.md section 7), and how they fail. */

/** `status` 0: no answer came at all; trying again is safe. Else the server's 4xx/5xx with its own words. */
export class CallFailed extends Error {
  constructor(status, code, message) {
    super(message)
    this.status = status
    this.code = code
  }

  /** Whether the same call may succeed later without being changed. */
  get passing() {
    return this.status === 0 || this.status === 429 || this.status >= 500
  }
}

const SILENT = '网络不通，请稍后再试'

function failed(status, body) {
  const error = body && body.error ? body.error : {}
  return new CallFailed(status, error.code || 'unknown', error.message || `服务暂时不可用（${status}）`)
}

/** Calls `path` and gives the JSON answer (null where there is none). Throws CallFailed. */
export async function call(path, { method = 'GET', token, body, signal } = {}) {
  const headers = {}
  if (token) headers.Authorization = `Bearer ${token}`
  if (body !== undefined) headers['Content-Type'] = 'application/json'
  const response = await answered(path, { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body) })
  return response.json().catch(() => null)
}

async function answered(path, request) {
  let response
  try {
    response = await fetch(path, request)
  } catch (error) {
    if (error.name === 'AbortError') throw error
    throw new CallFailed(0, 'no_answer', SILENT)
  }
  if (!response.ok) throw failed(response.status, await response.json().catch(() => null))
  return response
}

/** A file behind a token, as an address an <img> or <video> can show. Throws CallFailed. */
export async function fileAddress(path, token) {
  const response = await answered(path, { headers: { Authorization: `Bearer ${token}` } })
  return URL.createObjectURL(await response.blob())
}

/** A plain text behind a token. Throws CallFailed. */
export async function textOf(path, token) {
  const response = await answered(path, { headers: { Authorization: `Bearer ${token}` } })
  return response.text()
}

/** Sends a form; `onShare` hears the share sent so far (0–1), which fetch cannot tell. Throws CallFailed. */
export function upload(path, { token, form, onShare }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', path)
    request.setRequestHeader('Authorization', `Bearer ${token}`)
    request.upload.onprogress = (event) => event.lengthComputable && onShare(event.loaded / event.total)
    request.onerror = () => reject(new CallFailed(0, 'no_answer', SILENT))
    request.onload = () => {
      let answer = null
      try {
        answer = JSON.parse(request.responseText)
      } catch {
        // The status says enough.
      }
      if (request.status >= 200 && request.status < 300) resolve(answer)
      else reject(failed(request.status, answer))
    }
    request.send(form)
  })
}
