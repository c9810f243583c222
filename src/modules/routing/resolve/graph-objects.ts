import { keyOf, type KubeObject } from '../../../shared/api/kube-object.js';
import type { RouteGraph, RouteNode } from './route-graph.js';

/** The objects of our own kinds that a graph holds, each once: those whose status says what came of them. */
export const objectsOfGraph = (graph: RouteGraph): readonly KubeObject[] =>
  distinctObjects([
    ...(graph.gatewayConfig ? [graph.gatewayConfig.config] : []),
    ...graph.routes.flatMap(objectsOfRoute),
  ]);

export const objectsOfRoute = ({ route, rules }: RouteNode): readonly KubeObject[] => [
  route,
  ...rules
    .flatMap(({ refs }) => refs)
    .flatMap(({ backend }) => [
      ...(backend?.kind === 'service' ? [backend.object] : []),
      ...(backend?.policies ?? []).map(({ policy }) => policy),
    ]),
];

export const distinctObjects = (objects: readonly KubeObject[]): readonly KubeObject[] => [
  ...new Map(objects.map((object) => [keyOf(object), object])).values(),
];
