#include "media/grpc_ingest.h"

#include <chrono>
#include <memory>
#include <utility>

#include "base/status.h"
#include "base/status_macros.h"
#include "media/proto_codec.h"

namespace mediarouter::media {
namespace {

constexpr std::size_t kMaxChunkBytes = std::size_t{1} << 20;

class IngestReactor final : public grpc::ServerReadReactor<v1::IngestAssetRequest> {
 public:
  IngestReactor(const IngestParts& parts, grpc::CallbackServerContext* context, v1::Asset* response)
      : parts_(parts), context_(*context), response_(*response) {
    const absl::Status admitted = Enter();
    admitted.ok() ? Read() : End(admitted);
  }

  void OnReadDone(bool ok) override {
    parts_.idle.Busy(context_);
    const absl::Status refused =
        parts_.dispatcher.Submit(context_, [this, ok] { ok ? Take() : Complete(); });
    if (!refused.ok()) End(refused);
  }

  void OnDone() override { delete this; }

 private:
  // Strangers get no slot, not even until their first message.
  absl::Status Enter() {
    if (!rpc::HasInternalToken(context_)) {
      return base::Unauthenticated("invalid_internal_token",
                                   "the internal token is missing or wrong");
    }
    has_slot_ = parts_.slots.TryTake();
    if (has_slot_) return absl::OkStatus();
    return base::WithRetryAfter(
        base::Unavailable("too_many_ingests", "as many videos come in as may at once"),
        std::chrono::seconds(2));
  }

  void Read() {
    parts_.idle.Waiting(context_);
    StartRead(&message_);
  }

  // On the pool: a message came.
  void Take() {
    const base::CallContext call = rpc::FromServerContext(context_);
    absl::Status status = parts_.dispatcher.Admit(call);
    if (status.ok()) status = message_.has_header() ? Begin(call) : Write();
    if (!status.ok() || answered_) return End(status);
    Read();
  }

  absl::Status Begin(const base::CallContext& call) {
    if (ingest_ != nullptr) return base::InvalidArgument("second_header", "one header is enough");
    const v1::IngestHeader& header = message_.header();
    MR_ASSIGN_OR_RETURN(BegunIngest begun, parts_.service.BeginIngest(call, header.asset_id(),
                                                                      header.expected_bytes()));
    if (begun.ready) Answer(*begun.ready);
    ingest_ = std::move(begun.ingest);
    return absl::OkStatus();
  }

  absl::Status Write() {
    if (ingest_ == nullptr) {
      return base::InvalidArgument("header_missing", "the header comes first");
    }
    if (message_.chunk().size() > kMaxChunkBytes) {
      return base::InvalidArgument("chunk_too_large", "a chunk has at most {} bytes",
                                   kMaxChunkBytes);
    }
    return ingest_->Write(message_.chunk());
  }

  // On the pool: no message will come, since the sender is done or gone.
  void Complete() {
    const base::CallContext call = rpc::FromServerContext(context_);
    absl::Status status = parts_.dispatcher.Admit(call);
    if (status.ok() && ingest_ == nullptr) {
      status = base::InvalidArgument("header_missing", "the stream was empty");
    }
    if (status.ok()) {
      const absl::StatusOr<Asset> asset = ingest_->Finish(call);
      status = asset.status();
      if (asset.ok()) Answer(*asset);
    }
    End(status);
  }

  void Answer(const Asset& asset) {
    response_ = ToProto(asset);
    answered_ = true;
  }

  // Nothing of this object may be used after it.
  void End(const absl::Status& status) {
    ingest_.reset();  // takes back what was not finished, while this call still holds its slot
    if (has_slot_) parts_.slots.GiveBack();
    parts_.dispatcher.Observe(rpc::FromServerContext(context_), "IngestAsset", status, start_);
    Finish(rpc::ToGrpc(status));
  }

  const IngestParts& parts_;
  grpc::CallbackServerContext& context_;
  v1::Asset& response_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  bool has_slot_ = false;
  bool answered_ = false;
  v1::IngestAssetRequest message_;
  std::unique_ptr<Ingest> ingest_;
};

}  // namespace

grpc::ServerReadReactor<v1::IngestAssetRequest>* MakeIngestReactor(
    const IngestParts& parts, grpc::CallbackServerContext* context, v1::Asset* response) {
  return new IngestReactor(parts, context, response);
}

}  // namespace mediarouter::media
