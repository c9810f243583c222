import { createHash } from 'node:crypto';
import { UserFacingError } from '../errors.js';
import { parseConfigDocument } from './config-document.js';
import { MappingReader, ShapeError, UnknownFields } from './mapping-reader.js';

/** One part fits a Secret (1 MiB) with its metadata. @see spec controller.md 10.1 */
export const PART_SIZE_BYTES = 716_800;
/** Parts that a writer may produce. */
export const PARTS_MAX = 8;
/** What a writer can store. */
export const BUNDLE_BYTES_MAX = PARTS_MAX * PART_SIZE_BYTES;
/** Parts that a reader accepts: room for writers of other versions. */
const READ_PARTS_MAX = 64;

/** The file that names the parts of a filter configuration. @see spec extproc.md 2.1 */
export interface BundleIndex {
  readonly version: string;
  readonly uuid: string;
  /** Hex SHA-256 of the whole document; any case when read, lower case when written. */
  readonly checksum: string;
  readonly parts: readonly BundlePart[];
}

export interface BundlePart {
  readonly name: string;
  /** Relative to the directory of the bundle. */
  readonly path: string;
  readonly sizeBytes?: number;
}

/** Parts and index do not belong together (yet): the files are still arriving. Worth another try. */
export class IncompleteBundleError extends UserFacingError {}

/** @throws UserFacingError when the text is not an index, or names no checksum, no parts, or a part outside the bundle. */
export function parseBundleIndex(text: string, fileName: string): BundleIndex {
  const document = parseConfigDocument(text, fileName);
  try {
    const unknown = new UnknownFields();
    const root = new MappingReader(document.value, [], unknown);
    const parts = root.list('parts') ?? [];
    if (parts.length === 0) throw new ShapeError(['parts'], 'nothing', `1 to ${READ_PARTS_MAX} parts`);
    if (parts.length > READ_PARTS_MAX) {
      throw new ShapeError(['parts'], `${parts.length} parts`, `1 to ${READ_PARTS_MAX} parts`);
    }
    return {
      version: root.text('version') ?? '',
      uuid: root.text('uuid') ?? '',
      checksum: root.requiredText('checksum'),
      parts: parts.map((item) => {
        const part = root.item(item);
        const path = part.requiredText('path');
        if (!isInside(path))
          throw new ShapeError([...part.path, 'path'], JSON.stringify(path), 'a path inside the bundle');
        return { name: part.text('name') ?? '', path };
      }),
    };
  } catch (error) {
    if (error instanceof ShapeError) throw new UserFacingError(error.describe(document), { cause: error });
    throw error;
  }
}

const isInside = (path: string) => !path.startsWith('/') && !path.split(/[/\\]/).includes('..');

/**
 * Puts the parts together.
 *
 * @param parts bytes of each part by its path
 * @throws IncompleteBundleError when a part is missing or the checksum does not match
 */
export function assembleBundle(index: BundleIndex, parts: ReadonlyMap<string, Uint8Array>, fileName: string): string {
  const chunks = index.parts.map(({ path }) => {
    const chunk = parts.get(path);
    if (!chunk) {
      throw new IncompleteBundleError(`${fileName}: part ${path} is missing; it is read again when the files change`);
    }
    return chunk;
  });
  const document = Buffer.concat(chunks);
  const found = sha256(document);
  if (found !== index.checksum.toLowerCase()) {
    throw new IncompleteBundleError(
      `${fileName}: checksum mismatch: the parts give ${found}, the index says ${index.checksum}; they are read again when the files change`,
    );
  }
  return document.toString('utf8');
}

/** A bundle as it is stored: the text of the index, and the bytes of each part in order. */
export interface SplitBundle {
  readonly index: string;
  readonly parts: readonly (BundlePart & { readonly bytes: Uint8Array })[];
}

/**
 * Cuts a serialised configuration into parts of at most {@link PART_SIZE_BYTES}; a cut may lie inside a character.
 *
 * @param partName name of the object that will hold the part
 * @throws UserFacingError when more than {@link PARTS_MAX} parts would be needed
 */
export function splitBundle(
  document: string,
  id: { readonly version: string; readonly uuid: string },
  partName: (index: number) => string,
): SplitBundle {
  const bytes = Buffer.from(document, 'utf8');
  const count = Math.max(1, Math.ceil(bytes.length / PART_SIZE_BYTES));
  if (count > PARTS_MAX) {
    throw new UserFacingError(
      `the filter configuration has ${bytes.length} bytes, more than the ${BUNDLE_BYTES_MAX} that can be stored; spread the routes over more gateways`,
    );
  }
  const parts = Array.from({ length: count }, (_, i) => {
    const chunk = bytes.subarray(i * PART_SIZE_BYTES, (i + 1) * PART_SIZE_BYTES);
    return { name: partName(i), path: `parts/${String(i).padStart(3, '0')}`, sizeBytes: chunk.length, bytes: chunk };
  });
  const index = {
    version: id.version,
    uuid: id.uuid,
    checksum: sha256(bytes),
    parts: parts.map(({ name, path, sizeBytes }) => ({ name, path, sizeBytes })),
  };
  return { index: `${JSON.stringify(index, null, 2)}\n`, parts };
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
