/** A sound and, where the agent allowed it, a browser notification. */

import { ref } from 'vue'

export const mayNotify = ref(typeof Notification !== 'undefined' && Notification.permission === 'granted')
export const soundOn = ref(true)

export async function askToNotify() {
  if (typeof Notification === 'undefined') return
  mayNotify.value = (await Notification.requestPermission()) === 'granted'
}

export function ring(title, body) {
  if (soundOn.value) beep()
  if (mayNotify.value && document.hidden) new Notification(title, { body, tag: 'heqi-desk', icon: '/icon.svg' })
}

let audio = null

function beep() {
  try {
    audio ??= new AudioContext()
    const tone = audio.createOscillator()
    const loudness = audio.createGain()
    tone.frequency.value = 880
    loudness.gain.setValueAtTime(0.15, audio.currentTime)
    loudness.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + 0.4)
    tone.connect(loudness).connect(audio.destination)
    tone.start()
    tone.stop(audio.currentTime + 0.4)
  } catch {
    // No sound before the first click on the page: browsers forbid it.
  }
}
