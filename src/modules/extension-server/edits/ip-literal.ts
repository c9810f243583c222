/** Whether an address needs no DNS. A host name holds no colon, so one is enough to tell IPv6. */
export const isIpLiteral = (host: string): boolean => host.includes(':') || /^\d{1,3}([.]\d{1,3}){3}$/.test(host);
