#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>

namespace mediarouter::testing {

struct HttpAnswer {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;

  std::string Header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? "" : found->second;
  }
};

// A blocking HTTP/1.1 client on one connection that sends exactly the bytes it is given. Throws
// std::runtime_error when the peer closes or keeps silent for 10 s.
class RawHttp {
 public:
  explicit RawHttp(int port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval patience{10, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      close(fd_);
      throw std::runtime_error("cannot connect");
    }
  }
  ~RawHttp() { close(fd_); }
  RawHttp(const RawHttp&) = delete;
  RawHttp& operator=(const RawHttp&) = delete;

  // False when the peer has closed.
  bool Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  // The next answer; `head` when it belongs to a HEAD request.
  HttpAnswer Read(bool head = false) {
    HttpAnswer answer;
    const std::string status_line = ReadLine();
    if (status_line.size() < 12) throw std::runtime_error("no status line: " + status_line);
    answer.status = std::stoi(status_line.substr(9, 3));
    for (std::string line = ReadLine(); !line.empty(); line = ReadLine()) {
      const std::size_t colon = line.find(':');
      std::string name = line.substr(0, colon);
      std::transform(name.begin(), name.end(), name.begin(),
                     [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      answer.headers[name] = line.substr(std::min(line.size(), colon + 2));
    }
    if (head || answer.status == 204 || answer.status == 304 || answer.status < 200) return answer;
    if (answer.Header("transfer-encoding") == "chunked") {
      while (const std::size_t size = std::stoul(ReadLine(), nullptr, 16)) {
        answer.body += ReadBytes(size);
        ReadLine();
      }
      ReadLine();
    } else if (answer.headers.contains("content-length")) {
      answer.body = ReadBytes(std::stoull(answer.Header("content-length")));
    } else {
      while (Fill()) {
      }
      answer.body = std::move(buffer_);
    }
    return answer;
  }

  HttpAnswer Exchange(std::string_view request, bool head = false) {
    Send(request);
    return Read(head);
  }

  // Reads and forgets that many bytes; false when the peer closes before.
  bool ReadsAtLeast(std::size_t count) {
    for (std::size_t read = 0; read < count; read += buffer_.size()) {
      buffer_.clear();
      if (!Fill()) return false;
    }
    return true;
  }

  // Whether the peer closes (rather than sending more).
  bool ReadsEnd() { return buffer_.empty() && !Fill(); }

 private:
  bool Fill() {
    char bytes[65536];
    const ssize_t count = recv(fd_, bytes, sizeof bytes, 0);
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      throw std::runtime_error("the peer keeps silent");
    }
    if (count <= 0) return false;
    buffer_.append(bytes, static_cast<std::size_t>(count));
    return true;
  }
  std::string ReadBytes(std::size_t count) {
    while (buffer_.size() < count) {
      if (!Fill()) throw std::runtime_error("the peer closed early");
    }
    std::string bytes = buffer_.substr(0, count);
    buffer_.erase(0, count);
    return bytes;
  }
  std::string ReadLine() {
    std::size_t end = 0;
    while ((end = buffer_.find("\r\n")) == std::string::npos) {
      if (!Fill()) throw std::runtime_error("the peer closed early");
    }
    std::string line = ReadBytes(end);
    buffer_.erase(0, 2);
    return line;
  }

  int fd_;
  std::string buffer_;
};

}  // namespace mediarouter::testing
