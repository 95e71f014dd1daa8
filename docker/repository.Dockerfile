# The repository in a container.
#   docker build -f docker/repository.Dockerfile -t renkei-repository .
FROM rust:1.95-bookworm AS build
WORKDIR /source
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target \
    cargo build --release --locked -p renkei-repository \
    && install -m 0755 target/release/renkei-repository /usr/local/bin/

FROM debian:bookworm-slim
RUN groupadd --system --gid 10002 renkei \
    && useradd --system --uid 10002 --gid renkei --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin renkei \
    && install -d -m 0700 -o renkei -g renkei /var/lib/renkei/repository \
    && install -d -m 0755 /etc/renkei
COPY --from=build /usr/local/bin/renkei-repository /usr/local/bin/
COPY docker/ready.sh /usr/local/bin/ready
USER 10002:10002
ENV RENKEI_REPOSITORY_CONFIG=/etc/renkei/repository.toml
VOLUME /var/lib/renkei/repository
EXPOSE 8444
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["ready", "9444"]
# glibc 2.36 copies with `rep movsb`, several times slower than a loop on AMD Zen for some alignments (docs/performance.md).
ENV GLIBC_TUNABLES=glibc.cpu.x86_rep_movsb_threshold=1000000000
ENTRYPOINT ["renkei-repository"]
CMD ["serve"]
