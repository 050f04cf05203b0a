import 'element-plus/dist/index.css'
import '../shared/base.css'
import './desk.css'
import { createApp } from 'vue'
import Desk from './Desk.vue'

createApp(Desk).mount('#app')
