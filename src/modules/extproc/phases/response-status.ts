/** `:status` as Envoy writes it, 100 to 599; undefined for anything else. */
export const parseStatus = (text: string | undefined): number | undefined =>
  /^[1-5]\d\d$/.test(text ?? '') ? Number(text) : undefined;
