/** Whether an address is a loopback address: it always refers to this machine. */
export function isLoopback(url: string): boolean {
  const { hostname } = new URL(url.includes('://') ? url : `http://${url}`);
  return /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}
