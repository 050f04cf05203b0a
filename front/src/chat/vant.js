/*
 * Vant's styles, without its icon font: that font is a data: address, which the pages' content policy
 * refuses, and a third of the first load. Signs are our own (shared/Sign.vue).
 */
import 'vant/es/style/base.css'
import 'vant/es/overlay/index.css'
import 'vant/es/popup/index.css'
import 'vant/es/action-sheet/index.css'
import 'vant/es/image/index.css'
import 'vant/es/swipe/index.css'
import 'vant/es/swipe-item/index.css'
import 'vant/es/image-preview/index.css'
import 'vant/es/steps/index.css'
import 'vant/es/step/index.css'
