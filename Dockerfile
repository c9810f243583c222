# One image for both modes: `controller …` runs the control plane; flags alone run the External Processor, as the arguments of
# injected containers do. Non-root, and nothing is written to the root file system.
FROM node:24-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm install --no-save --no-progress
COPY nest-cli.json tsconfig.json tsconfig.build.json .swcrc ./
COPY src src
RUN npx nest build
# The optional packages are Node itself, for machines that have another one.
RUN npm prune --omit=dev --omit=optional --no-save \
  # Node reads neither types nor maps of packages; they are half of these.
  && find node_modules -type f \( -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.map' \) -delete

FROM node:24-bookworm-slim
LABEL org.opencontainers.image.title="nest-ai-gateway" \
  org.opencontainers.image.description="AI gateway on NestJS and Envoy: controller and External Processor" \
  org.opencontainers.image.licenses="Apache-2.0"
WORKDIR /app
ENV NODE_ENV=production AIGW_DEFAULT_MODE=extproc
COPY --from=build /build/package.json ./
COPY --from=build /build/node_modules node_modules
COPY --from=build /build/dist dist
COPY LICENSE ./
COPY helm/ai-gateway-crds/templates helm/ai-gateway-crds/templates
USER 65532:65532
ENTRYPOINT ["node", "/app/dist/main.js"]
# Last, so that another commit changes no layer.
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.version="$VERSION" org.opencontainers.image.revision="$REVISION"
