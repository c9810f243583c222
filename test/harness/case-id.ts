/** Request header that tells the test upstream which script to play; it passes the gateway like any other header. */
export const CASE_HEADER = 'x-test-case';

let count = 0;

/** A name for one test's requests, in this process never used before. */
export const newCase = (title: string): string => `${title.replaceAll(/[^\w]+/g, '-')}-${++count}`;
