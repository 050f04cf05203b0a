import '../shared/base.css'
import './vant.js'
import './chat.css'
import { createApp } from 'vue'
import Chat from './Chat.vue'
import { readEntry } from './entry.js'

createApp(Chat, { entry: readEntry(location.hash) }).mount('#app')
