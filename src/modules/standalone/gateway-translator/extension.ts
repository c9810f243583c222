import { create, type DescMessage, type MessageInitShape, type MessageShape } from '@bufbuild/protobuf';
import { anyPack, type Any } from '@bufbuild/protobuf/wkt';

/** A message that is not made yet, so that two may be merged. */
export type Init<Schema extends DescMessage> = Exclude<MessageInitShape<Schema>, MessageShape<Schema>>;

/** A message as `Any`, the form in which Envoy takes the configuration of its extensions. */
export const pack = <Schema extends DescMessage>(schema: Schema, init: MessageInitShape<Schema>): Any =>
  anyPack(schema, create(schema, init));

/** An extension by name with its configuration: a filter, a transport socket, a logger. */
export const extension = <Schema extends DescMessage>(
  name: string,
  schema: Schema,
  init: MessageInitShape<Schema>,
): { readonly name: string; readonly typedConfig: Any } => ({ name, typedConfig: pack(schema, init) });
