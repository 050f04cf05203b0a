/** Whether a file can be evidence: by its first bytes, not by its name (the server looks again). */

const MB = 1024 * 1024
export const MOST_PHOTO_BYTES = 10 * MB
export const MOST_VIDEO_BYTES = 50 * MB
export const ACCEPT = 'image/jpeg,image/png,image/webp,video/mp4'

/** The media type the bytes show, or null where it is none of the four. */
export function mediaType(bytes) {
  const text = String.fromCharCode(...bytes.slice(0, 12))
  if (text.startsWith('\xff\xd8\xff')) return 'image/jpeg'
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png'
  if (text.startsWith('RIFF') && text.slice(8, 12) === 'WEBP') return 'image/webp'
  if (text.slice(4, 8) === 'ftyp' && text.slice(8, 10) !== 'qt') return 'video/mp4'
  return null
}

/** Why the file cannot be sent, in words for the customer; "" where it can. */
export function problemOf(type, size) {
  if (type === null) return '只能发 JPG、PNG、WebP 图片或 MP4 视频'
  if (size === 0) return '这个文件是空的，请换一个'
  if (type === 'video/mp4' && size > MOST_VIDEO_BYTES) return '视频超过 50MB，请剪短一些再发'
  if (type !== 'video/mp4' && size > MOST_PHOTO_BYTES) return '图片超过 10MB，请压缩一下再发'
  return ''
}

/** { type, problem } of a picked file. */
export async function inspect(file) {
  const type = mediaType(new Uint8Array(await readStart(file)))
  return { type, problem: problemOf(type, file.size) }
}

function readStart(file) {
  // Blob.arrayBuffer is younger than the browsers we serve.
  return new Promise((resolve, reject) => {
    const reader = new FileReader()
    reader.onload = () => resolve(reader.result)
    reader.onerror = () => reject(reader.error)
    reader.readAsArrayBuffer(file.slice(0, 16))
  })
}
