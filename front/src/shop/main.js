import '../shared/base.css'
import './shop.css'
import { createApp } from 'vue'
import Shop from './Shop.vue'

createApp(Shop).mount('#app')
