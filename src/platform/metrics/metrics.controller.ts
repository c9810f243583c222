import type { ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { Controller, Get, Headers, Res, StreamableFile } from '@nestjs/common';
import { MetricsRegistry } from './metrics-registry.js';

const compress = promisify(gzip);
const ACCEPTS_GZIP = /(?:^|,)\s*gzip\s*(?:,|$|;\s*q=(?!0(?:\.0*)?\s*(?:,|$)))/i;

/** Prometheus text format 0.0.4, gzip on request. @see spec observability.md section 1 */
@Controller('metrics')
export class MetricsController {
  readonly #registry: MetricsRegistry;

  constructor(registry: MetricsRegistry) {
    this.#registry = registry;
  }

  @Get()
  async metrics(
    @Headers('accept-encoding') acceptEncoding: string | undefined,
    @Res({ passthrough: true }) response: ServerResponse,
  ): Promise<StreamableFile> {
    let body: Buffer = Buffer.from(await this.#registry.text());
    response.setHeader('vary', 'accept-encoding');
    if (ACCEPTS_GZIP.test(acceptEncoding ?? '')) {
      body = await compress(body);
      response.setHeader('content-encoding', 'gzip');
    }
    return new StreamableFile(body, { type: 'text/plain; version=0.0.4; charset=utf-8', length: body.byteLength });
  }
}
