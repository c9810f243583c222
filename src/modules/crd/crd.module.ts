import { Module, type DynamicModule, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Cluster, type ClusterParts } from './cluster.js';

/** Starts and stops the cluster with the application. */
class ClusterLifecycle implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Does not wait: listeners answer that they are not ready meanwhile. */
  onApplicationBootstrap(): void {
    this.#cluster.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#cluster.stop();
  }
}

/** The cluster seam as a Nest module: {@link Cluster} is what others inject. */
@Module({})
export class CrdModule {
  static forRoot(parts: ClusterParts): DynamicModule {
    return {
      module: CrdModule,
      providers: [
        { provide: Cluster, useFactory: () => new Cluster(parts) },
        {
          provide: ClusterLifecycle,
          useFactory: (cluster: Cluster) => new ClusterLifecycle(cluster),
          inject: [Cluster],
        },
      ],
      exports: [Cluster],
    };
  }
}
