import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

const page = (name) => fileURLToPath(new URL(`${name}.html`, import.meta.url))

// One page a room: a customer on a phone never loads the desk's libraries.
export default defineConfig({
  plugins: [vue()],
  build: {
    outDir: '../bot/web/static',
    emptyOutDir: true,
    // WeChat's and Douyin's built-in browsers on older Android phones.
    target: ['chrome87', 'safari14'],
    chunkSizeWarningLimit: 1200,
    rolldownOptions: {
      input: { shop: page('index'), chat: page('chat'), desk: page('desk'), insight: page('insight') },
    },
  },
  server: {
    proxy: {
      '/api': 'http://127.0.0.1:8000',
      '/demo': 'http://127.0.0.1:8000',
      '/ws': { target: 'ws://127.0.0.1:8000', ws: true },
    },
  },
})
