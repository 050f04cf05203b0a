import '../shared/base.css'
import './insight.css'
import { createApp, h } from 'vue'
import SignIn from '../shared/SignIn.vue'
import { staff } from '../shared/staff.js'
import Owner from './Owner.vue'

const page = () => (staff.value ? h(Owner, { key: staff.value.token }) : h(SignIn, { title: '和气 · 经营洞察' }))

createApp(page).mount('#app')
