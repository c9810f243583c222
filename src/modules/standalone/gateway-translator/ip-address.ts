/** Whether the text is an IPv4 or IPv6 address without brackets and zone, rather than a host name. */
export const isIpAddress = (text: string): boolean => isIpv4(text) || isIpv6(text);

const isIpv4 = (text: string): boolean => {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => /^(0|[1-9][0-9]{0,2})$/.test(part) && Number(part) <= 255);
};

/** The URL parser of the platform knows the forms of IPv6 (RFC 4291 section 2.2). */
const isIpv6 = (text: string): boolean =>
  /^[0-9a-fA-F:.]*:[0-9a-fA-F:.]*$/.test(text) && URL.canParse(`http://[${text}]/`);
