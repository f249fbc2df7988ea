/** Whether an address can only be this machine. */
export function isLoopback(url: string): boolean {
  const { hostname } = new URL(url.includes('://') ? url : `http://${url}`);
  return /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}
