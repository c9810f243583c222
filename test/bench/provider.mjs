// A provider that costs next to nothing: nginx with fixed answers, chosen by header `x-bench-answer`.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ANSWERS } from './answers.mjs';
import { freePort, listening, start } from './processes.mjs';

export async function startProvider(directory) {
  const port = await freePort();
  const root = join(directory, 'www');
  mkdirSync(root);
  for (const [name, { content }] of Object.entries(ANSWERS)) writeFileSync(join(root, name), content);
  writeFileSync(join(directory, 'nginx.conf'), configuration(directory, root, port));
  const nginx = start('nginx', ['-c', join(directory, 'nginx.conf'), '-p', directory], join(directory, 'nginx.log'));
  await listening(nginx, port, 'nginx');
  return { ...nginx, port };
}

const location = ([name, answer]) => `
  location = /${name} { internal; types {} default_type ${answer.contentType}; ${content(name, answer)} }`;

/**
 * Small texts are part of the configuration, the rest are files: they come with more headers, and answer POST by way of
 * the error page of 405, because nginx serves static files to GET only.
 */
const content = (name, { contentType, contentEncoding, content: text }) =>
  contentType === 'application/json' && contentEncoding === undefined
    ? `return 200 '${text}';`
    : `root ROOT; error_page 405 =200 /${name}; ${contentEncoding ? `add_header content-encoding ${contentEncoding};` : ''}`;

const configuration = (directory, root, port) =>
  `
daemon off; master_process off; ${process.getuid() === 0 ? 'user root; ' : ''}pid ${directory}/nginx.pid; error_log ${directory}/nginx.err;
events { worker_connections 1024; }
http {
 access_log off; client_max_body_size 64m; client_body_buffer_size 2m;
 ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((one) => `${one}_temp_path ${directory}/${one};`).join(' ')}
 server { listen 127.0.0.1:${port}; keepalive_requests 10000000;
  location / { rewrite ^ /$http_x_bench_answer last; }${Object.entries(ANSWERS).map(location).join('')}
 }
}`.replaceAll('ROOT', root);
