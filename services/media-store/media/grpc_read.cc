#include "media/grpc_read.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "base/status.h"
#include "base/status_macros.h"

namespace mediarouter::media {
namespace {

constexpr std::int64_t kChunkBytes = 256 * 1024;

class ReadReactor final : public grpc::ServerWriteReactor<v1::ReadAssetResponse> {
 public:
  ReadReactor(AssetService& service, rpc::Dispatcher& dispatcher,
              grpc::CallbackServerContext* context, const v1::ReadAssetRequest* request)
      : service_(service), dispatcher_(dispatcher), context_(*context), request_(*request) {
    OnPool([this] { Begin(); });
  }

  void OnWriteDone(bool ok) override {
    if (!ok) return End(base::Cancelled("cancelled", "the reader went away"));
    if (next_ == end_) return End(absl::OkStatus());
    OnPool([this] { SendNext(); });
  }

  void OnDone() override { delete this; }

 private:
  template <typename Step>
  void OnPool(Step step) {
    const absl::Status refused = dispatcher_.Submit(context_, std::move(step));
    if (!refused.ok()) End(refused);
  }

  void Begin() {
    const base::CallContext call = rpc::FromServerContext(context_);
    absl::Status status = dispatcher_.Admit(call);
    if (status.ok()) status = Open(call);
    if (!status.ok()) return End(status);
    SendNext();
  }

  absl::Status Open(const base::CallContext& call) {
    if (request_.length() < 0) {
      return base::WithParam(base::InvalidArgument("invalid_length", "length is negative"),
                             "length");
    }
    MR_ASSIGN_OR_RETURN(OpenAsset open, service_.Open(call, request_.id()));
    const std::int64_t size = open.reader->size();
    if (request_.offset() < 0 || request_.offset() >= size) {
      return base::MakeStatus(absl::StatusCode::kOutOfRange, "range_not_satisfiable",
                              fmt::format("offset {} of {} bytes", request_.offset(), size));
    }
    next_ = request_.offset();
    const std::int64_t available = size - next_;
    end_ = next_ + (request_.length() == 0 ? available : std::min(request_.length(), available));
    reader_ = std::move(open.reader);
    return absl::OkStatus();
  }

  void SendNext() {
    const std::int64_t length = std::min(kChunkBytes, end_ - next_);
    absl::StatusOr<std::string> bytes = reader_->ReadAt(next_, static_cast<std::size_t>(length));
    if (!bytes.ok()) return End(bytes.status());
    if (static_cast<std::int64_t>(bytes->size()) != length) {
      return End(base::DataLoss("storage_failed", "{} became shorter", request_.id()));
    }
    next_ += length;
    response_.set_chunk(*std::move(bytes));
    StartWrite(&response_);
  }

  // Nothing of this object may be used after it.
  void End(const absl::Status& status) {
    dispatcher_.Observe(rpc::FromServerContext(context_), "ReadAsset", status, start_);
    Finish(rpc::ToGrpc(status));
  }

  AssetService& service_;
  rpc::Dispatcher& dispatcher_;
  grpc::CallbackServerContext& context_;
  const v1::ReadAssetRequest request_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::unique_ptr<BlobReader> reader_;
  std::int64_t next_ = 0;
  std::int64_t end_ = 0;
  v1::ReadAssetResponse response_;
};

}  // namespace

grpc::ServerWriteReactor<v1::ReadAssetResponse>* MakeReadReactor(
    AssetService& service, rpc::Dispatcher& dispatcher, grpc::CallbackServerContext* context,
    const v1::ReadAssetRequest* request) {
  return new ReadReactor(service, dispatcher, context, request);
}

}  // namespace mediarouter::media
