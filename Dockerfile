# The image holds Node, the shared libraries that it loads, CA certificates and the application: no shell, no
# package manager. test/docker performs these same steps in an empty folder, so it knows each instruction that
# is used here, and refuses any other.

# By digest, so that the same sources make the same image; docs/releasing.md says how it is renewed.
FROM node:24.21.0-bookworm-slim@sha256:0e0ff40c39bc087845bfb27465a0df4ea419520094bc35842ff83dd8cbe6f9b6 AS app
WORKDIR /app
COPY package.json package-lock.json ./
# The manifests stay in the image for those who scan it, so they name what is installed and nothing else.
RUN npm pkg delete devDependencies scripts \
 && npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
 && npm prune --omit=dev --ignore-scripts --no-audit --no-fund
# Packages publish their tests: half of the weight, and private keys that scanners take for leaked ones.
RUN find node_modules -type d \( -name test -o -name tests -o -name docs \) -prune -exec rm -r {} +
# Nobody debugs or compiles in the image: a third of what packages weigh are maps and types for that.
RUN find node_modules -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' \) -delete
# tiktoken has its tables inside its WebAssembly, and twice more for those who don't run that.
RUN rm -r node_modules/tiktoken/encoders node_modules/tiktoken/lite
COPY src ./src
# A checkout under a strict umask must still be readable for the image's user.
RUN chmod -R a+rX,go-w .

FROM node:24.21.0-bookworm-slim@sha256:0e0ff40c39bc087845bfb27465a0df4ea419520094bc35842ff83dd8cbe6f9b6 AS system
WORKDIR /build
COPY scripts/assemble-image-root.sh ./
RUN sh assemble-image-root.sh root

FROM scratch
LABEL org.opencontainers.image.title="assistant-proxy" \
      org.opencontainers.image.description="Kubernetes sidecar proxy for the OpenAI API" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.base.name="node:24.21.0-bookworm-slim" \
      org.opencontainers.image.base.digest="sha256:0e0ff40c39bc087845bfb27465a0df4ea419520094bc35842ff83dd8cbe6f9b6"
# Two layers: the upper one alone changes from release to release.
COPY --from=system /build/root/ /
COPY --from=app /app/ /app/
ENV NODE_ENV=production
WORKDIR /app
# By number, so that Kubernetes can tell that it is not root (runAsNonRoot).
USER 65532:65532
EXPOSE 8080 9090
STOPSIGNAL SIGTERM
# A command follows: docker run IMAGE check --config /etc/assistant-proxy/config.yaml
# The small young generation keeps memory low, and the processor's caches warm; that it keeps its size spares the
# first calls after a pause its growing again.
ENTRYPOINT ["/usr/local/bin/node", "--min-semi-space-size=16", "--max-semi-space-size=16", "/app/src/main.ts"]
