# The registry in a container, for an existing PostgreSQL: a container holds no database.
#   docker build -f docker/registry.Dockerfile -t renkei-registry .
FROM rust:1.95-bookworm AS build
WORKDIR /source
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target \
    cargo build --release --locked -p renkei-registry \
    && install -m 0755 target/release/renkei-registry /usr/local/bin/

FROM debian:bookworm-slim
RUN groupadd --system --gid 10001 renkei \
    && useradd --system --uid 10001 --gid renkei --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin renkei \
    && install -d -m 0700 -o renkei -g renkei /var/lib/renkei/registry \
    && install -d -m 0755 /etc/renkei
COPY --from=build /usr/local/bin/renkei-registry /usr/local/bin/
COPY docker/ready.sh /usr/local/bin/ready
USER 10001:10001
ENV RENKEI_REGISTRY_CONFIG=/etc/renkei/registry.toml
VOLUME /var/lib/renkei/registry
EXPOSE 8443 2575
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["ready", "9443"]
# glibc 2.36 copies with `rep movsb`, several times slower than a loop on AMD Zen for some alignments (docs/performance.md).
ENV GLIBC_TUNABLES=glibc.cpu.x86_rep_movsb_threshold=1000000000
ENTRYPOINT ["renkei-registry"]
CMD ["serve"]
