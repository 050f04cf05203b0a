/**
 * How a shop's page opens the chat: everything after #, which browsers never send to a server or in a referrer.
 * token: the customer's token signed by the shop; order: the order the talk is about, undefined where none is named.
 */
export function readEntry(hash) {
  const values = new URLSearchParams(hash.replace(/^#/, ''))
  return { token: values.get('token') ?? '', orderId: values.get('order') || undefined }
}
