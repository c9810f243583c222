// The layer diagram of docs/architecture.md, executable: app, cli → modules → platform → shared → gen.
const PURE =
  '^src/(shared|modules/(routing/(resolve|generate|conditions)|credentials/policy|webhook/admit|extension-server/edits|extproc/(translators|endpoints|codec|cost|mutation|wire|tracing/(folds|gen-ai|openinference))|standalone/gateway-translator))/';
const CONTROL = '^src/modules/(crd|routing|credentials|webhook|extension-server|standalone)/';
const CELLS = '^src/modules/extproc/translators/(?!parts/)';
const rule = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

module.exports = {
  forbidden: [
    rule('resolvable', 'A path that resolves to nothing escapes every other rule.', {}, { couldNotResolve: true }),
    rule('no-cycles', 'A cycle breaks decorator metadata at load time under ESM.', {}, { circular: true }),
    rule('no-barrels', 'Import the file that defines the thing.', {}, { path: '^src/.*/index[.]ts$' }),
    rule('src-never-imports-test', '', { path: '^src/', pathNot: '[.]spec[.]ts$' }, { path: '^test/' }),
    rule('shared-is-a-leaf', '', { path: '^src/shared/' }, { path: '^src/(?!shared/|gen/)' }),
    rule('platform-knows-no-module', '', { path: '^src/platform/' }, { path: '^src/(app|cli|modules)/' }),
    rule('modules-do-not-know-the-app', '', { path: '^src/modules/' }, { path: '^src/(app|cli)/' }),
    rule(
      'data-plane-is-alone',
      'extproc runs without a cluster.',
      { path: '^src/modules/extproc/' },
      { path: `${CONTROL}|node_modules/@kubernetes/` },
    ),
    rule(
      'control-plane-never-imports-data-plane',
      'They meet in shared/filter-config.',
      { path: CONTROL },
      { path: '^src/modules/extproc/' },
    ),
    rule(
      'crd-knows-no-reconciler',
      'Reconcilers are registered, not imported.',
      { path: '^src/modules/crd/' },
      { path: '^src/modules/(?!crd/)' },
    ),
    rule(
      'only-crd-talks-to-the-cluster',
      '',
      { path: '^src/', pathNot: '^src/modules/crd/' },
      { path: 'node_modules/@kubernetes/client-node', dependencyTypesNot: ['type-only'] },
    ),
    rule(
      'pure-stays-pure',
      'No framework, logger, clock, socket or file.',
      { path: PURE, pathNot: '[.]spec[.]ts$' },
      {
        path: 'node_modules/(@nestjs|@grpc|pino|nestjs-pino|rxjs|@kubernetes)/|^(node:)?(fs|net|tls|http|https|http2|child_process|timers|process)(/|$)',
        dependencyTypesNot: ['type-only'],
      },
    ),
    rule(
      'cells-do-not-import-cells',
      'Share through translators/parts.',
      { path: `${CELLS}([^/]+)/([^/.]+)` },
      { path: CELLS, pathNot: '^src/modules/extproc/translators/($1/$2[.]|translator[.]ts|receipt[.]ts|matrix[.]ts)' },
    ),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|src/gen)/' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
