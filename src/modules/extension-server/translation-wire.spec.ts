import { create, fromBinary, toBinary, type Message } from '@bufbuild/protobuf';
import { WireType } from '@bufbuild/protobuf/wire';
import { AnySchema } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from '@jest/globals';
import { ClusterSchema } from '../../gen/proto/envoy/config/cluster/v3/cluster_pb.js';
import { ListenerSchema } from '../../gen/proto/envoy/config/listener/v3/listener_pb.js';
import {
  PostTranslateModifyRequestSchema,
  PostTranslateModifyResponseSchema,
} from '../../gen/proto/envoygateway/extension/service_pb.js';
import { decodeTranslation, encodeTranslation } from './translation-wire.js';

const UNKNOWN = { no: 4_000, wireType: WireType.Varint, data: Uint8Array.of(42) };
const withUnknown = <M extends Message>(message: M): M => ({ ...message, $unknown: [UNKNOWN] });

const request = () =>
  create(PostTranslateModifyRequestSchema, {
    postTranslateContext: {},
    clusters: [
      withUnknown(
        create(ClusterSchema, {
          name: 'c',
          typedExtensionProtocolOptions: {
            newer: create(AnySchema, { typeUrl: 'type.googleapis.com/newer.Thing', value: Uint8Array.of(8, 1) }),
          },
        }),
      ),
      { name: 'd' },
    ],
    secrets: [{ name: 's' }],
    listeners: [withUnknown(create(ListenerSchema, { name: 'l' }))],
    routes: [{ name: 'r', virtualHosts: [{ name: 'h' }] }],
  });
const decoded = (message = request()) => decodeTranslation(toBinary(PostTranslateModifyRequestSchema, message));

describe('the wire form of a translation', () => {
  it('carries every list over with unknown fields, in order', () => {
    const { resources, bytesOf } = decoded();
    const { clusters, secrets, listeners, routes } = request();
    expect(fromBinary(PostTranslateModifyResponseSchema, encodeTranslation(resources, bytesOf))).toEqual(
      create(PostTranslateModifyResponseSchema, { clusters, secrets, listeners, routes }),
    );
  });

  it('gives untouched resources back in their own bytes, whatever order their fields came in', () => {
    // `name` (1) behind `connect_timeout` (4), as protobuf-es never writes it.
    const odd = Uint8Array.of(0x22, 0x02, 0x08, 0x05, 0x0a, 0x01, 0x63);
    const { resources, bytesOf } = decodeTranslation(Uint8Array.of(0x12, odd.length, ...odd));
    expect(resources.clusters[0]?.name).toBe('c');
    expect(encodeTranslation(resources, bytesOf)).toEqual(Uint8Array.of(0x0a, odd.length, ...odd));
  });

  it('encodes what was replaced', () => {
    const { resources, bytesOf } = decoded();
    const [first, ...others] = resources.clusters;
    if (first === undefined) throw new Error('no cluster');
    const edited = { ...resources, clusters: [{ ...first, altStatName: 'x' }, ...others] };
    const answer = fromBinary(PostTranslateModifyResponseSchema, encodeTranslation(edited, bytesOf));
    expect(answer.clusters.map(({ name, altStatName, $unknown }) => [name, altStatName, $unknown])).toEqual([
      ['c', 'x', [UNKNOWN]],
      ['d', '', undefined],
    ]);
  });

  it('passes on a resource that cannot be decoded, and tells so', () => {
    const broken = Uint8Array.of(0x0a, 0xff);
    const { resources, bytesOf, faults } = decodeTranslation(Uint8Array.of(0x12, broken.length, ...broken));
    expect(resources.clusters).toEqual([create(ClusterSchema)]);
    expect(faults).toMatchObject([
      {
        object: 'envoy/Cluster//number 1 of the translation',
        reason: 'UndecodableResource',
        severity: 'error',
        message: expect.stringContaining('Cluster number 1 of the translation cannot be decoded'),
      },
    ]);
    expect(encodeTranslation(resources, bytesOf)).toEqual(Uint8Array.of(0x0a, broken.length, ...broken));
  });

  it('answers an empty request with nothing', () => {
    const { resources, bytesOf } = decodeTranslation(new Uint8Array());
    expect(encodeTranslation(resources, bytesOf)).toEqual(new Uint8Array());
  });

  it('skips fields that it does not know', () => {
    expect(decodeTranslation(Uint8Array.of(0x30, 0x01, 0x12, 0x03, 0x0a, 0x01, 0x63)).resources.clusters).toHaveLength(
      1,
    );
  });

  it('refuses what is no message', () => {
    expect(() => decodeTranslation(Uint8Array.of(0x12, 0x05, 0x0a))).toThrow('premature EOF');
  });
});
