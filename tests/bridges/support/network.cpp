#include "network.hpp"

#include <array>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string_view>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace shunt::test {
namespace {

constexpr const char* kCable = "cable";
constexpr const char* kLeftAddress = "10.77.0.1";
constexpr const char* kRightAddress = "10.77.0.2";

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error(what + ": " + std::strerror(errno)); }

/// One request to the kernel's rtnetlink, in the network of this thread.
class Request {
 public:
  Request(std::uint16_t type, std::uint16_t flags) {
    nlmsghdr header{};
    header.nlmsg_type = type;
    header.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags);
    put(&header, sizeof header);
  }
  template <typename Body>
  void add(const Body& body) {
    put(&body, sizeof body);
  }
  void add(std::uint16_t type, const void* data, std::size_t bytes) {
    const std::size_t at = begin(type);
    put(data, bytes);
    end(at);
  }
  void add(std::uint16_t type, std::string_view text) { add(type, std::string{text}.c_str(), text.size() + 1); }
  std::size_t begin(std::uint16_t type) {
    const std::size_t at = bytes_.size();
    const rtattr attribute{0, type};
    put(&attribute, sizeof attribute);
    return at;
  }
  void end(std::size_t at) {
    const auto length = static_cast<std::uint16_t>(bytes_.size() - at);
    std::memcpy(bytes_.data() + at, &length, sizeof length);
    bytes_.resize((bytes_.size() + 3) / 4 * 4);
  }
  /// 0, or an errno.
  int send() {
    const auto length = static_cast<std::uint32_t>(bytes_.size());
    std::memcpy(bytes_.data(), &length, sizeof length);
    const bus::UniqueFd socket{::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)};
    if (!socket || ::send(socket.get(), bytes_.data(), bytes_.size(), 0) < 0) return errno;
    struct {
      nlmsghdr header;
      nlmsgerr error;
      std::array<char, 4096> rest;
    } answer{};
    if (::recv(socket.get(), &answer, sizeof answer, 0) < 0) return errno;
    return answer.header.nlmsg_type == NLMSG_ERROR ? -answer.error.error : EPROTO;
  }

 private:
  void put(const void* data, std::size_t bytes) {
    const auto* const from = static_cast<const char*>(data);
    bytes_.insert(bytes_.end(), from, from + bytes);
    bytes_.resize((bytes_.size() + 3) / 4 * 4);
  }
  std::vector<char> bytes_;
};

void set_interface_up(const char* name, bool up) {
  const bus::UniqueFd socket{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  ifreq request{};
  std::strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  if (::ioctl(socket.get(), SIOCGIFFLAGS, &request) != 0) fail(name);
  request.ifr_flags = static_cast<short>(up ? request.ifr_flags | IFF_UP : request.ifr_flags & ~IFF_UP);
  if (::ioctl(socket.get(), SIOCSIFFLAGS, &request) != 0) fail(name);
}

void set_address(const char* name, const char* address) {
  const bus::UniqueFd socket{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  for (const auto& [what, text] : {std::pair{SIOCSIFADDR, address}, {SIOCSIFNETMASK, "255.255.255.0"}}) {
    ifreq request{};
    std::strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    ::inet_pton(AF_INET, text, &to.sin_addr);
    std::memcpy(&request.ifr_addr, &to, sizeof to);
    if (::ioctl(socket.get(), static_cast<unsigned long>(what), &request) != 0) fail(name);
  }
}

sockaddr hardware_address() {
  const bus::UniqueFd socket{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  ifreq request{};
  std::strncpy(request.ifr_name, kCable, IFNAMSIZ - 1);
  if (::ioctl(socket.get(), SIOCGIFHWADDR, &request) != 0) fail("the address of a cable's end");
  return request.ifr_hwaddr;
}

/// Without it what is sent over a cable that was cut waits for the other end to say where it is, and arrives later.
void know_other_end(const char* address, const sockaddr& hardware) {
  const bus::UniqueFd socket{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  arpreq request{};
  sockaddr_in to{};
  to.sin_family = AF_INET;
  ::inet_pton(AF_INET, address, &to.sin_addr);
  std::memcpy(&request.arp_pa, &to, sizeof to);
  request.arp_ha = hardware;
  request.arp_flags = ATF_PERM | ATF_COM;
  std::strncpy(request.arp_dev, kCable, sizeof request.arp_dev - 1);
  if (::ioctl(socket.get(), SIOCSARP, &request) != 0) fail("the other end of a cable");
}

bool write_file(const char* path, const std::string& text) {
  const int file = ::open(path, O_WRONLY | O_CLOEXEC);
  const bool written = file >= 0 && ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  ::close(file);
  return written;
}

/// An ordinary user may make networks in a user namespace only, in which it keeps its number.
bool enter_namespaces() {
  const std::string user = std::to_string(::geteuid());
  const std::string group = std::to_string(::getegid());
  if (::unshare(CLONE_NEWNET) == 0) return true;
  return ::unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0 && write_file("/proc/self/setgroups", "deny") &&
         write_file("/proc/self/uid_map", user + " " + user + " 1") &&
         write_file("/proc/self/gid_map", group + " " + group + " 1");
}

std::string& why_there_is_none() {
  static std::string why;
  return why;
}

}  // namespace

int run_in_private_network(int argc, char** argv) {
  bool only_lists = false;
  for (int i = 1; i < argc; ++i) only_lists |= std::string_view{argv[i]}.starts_with("--gtest_list_tests");
  if (!only_lists && !enter_namespaces())
    why_there_is_none() = std::string{"this user may make no network of its own here: "} + std::strerror(errno);
  else if (!only_lists) set_interface_up("lo", true);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}

void NetworkTest::SetUp() {
  if (!why_there_is_none().empty()) GTEST_SKIP() << why_there_is_none();
}

Network::Network() {
  const bus::UniqueFd before{::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)};
  if (!before || ::unshare(CLONE_NEWNET) != 0) fail("a network");
  descriptor_.reset(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  set_interface_up("lo", true);
  if (::setns(before.get(), CLONE_NEWNET) != 0) fail("back from a network");
}

Network::Inside::Inside(int network) : before_(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)) {
  if (::setns(network, CLONE_NEWNET) != 0) fail("into a network");
}

Network::Inside::~Inside() { ::setns(before_.get(), CLONE_NEWNET); }

Cable::Cable(const Network& left, const Network& right) : left_(left), right_(right) {
  {
    const auto inside = left.enter();
    Request request{RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL};
    request.add(ifinfomsg{});
    request.add(IFLA_IFNAME, kCable);
    const auto info = request.begin(IFLA_LINKINFO);
    request.add(IFLA_INFO_KIND, "veth");
    const auto data = request.begin(IFLA_INFO_DATA);
    const auto peer = request.begin(VETH_INFO_PEER);
    request.add(ifinfomsg{});
    request.add(IFLA_IFNAME, kCable);
    const int other = right.descriptor();
    request.add(IFLA_NET_NS_FD, &other, sizeof other);
    for (const auto at : {peer, data, info}) request.end(at);
    if (errno = request.send(); errno != 0) fail("a cable");
  }
  for (const auto& [network, address] : {std::pair{&left, kLeftAddress}, {&right, kRightAddress}}) {
    const auto inside = network->enter();
    set_address(kCable, address);
    set_interface_up(kCable, true);
  }
  know_each_other();
}

void Cable::know_each_other() const {
  const auto end_of = [](const Network& network) {
    const auto inside = network.enter();
    return hardware_address();
  };
  const sockaddr left_end = end_of(left_);
  const sockaddr right_end = end_of(right_);
  {
    const auto inside = left_.enter();
    know_other_end(kRightAddress, right_end);
  }
  const auto inside = right_.enter();
  know_other_end(kLeftAddress, left_end);
}

/// One end that is down is enough: the other has no carrier then. On the left what stays there still gets through.
void Cable::set_up(bool up) const {
  {
    const auto inside = right_.enter();
    set_interface_up(kCable, up);
  }
  if (up) know_each_other();  // an end that goes down forgets
}

bool Cable::lose(unsigned percent) const {
  for (const Network* each : {&left_, &right_}) {
    const auto inside = each->enter();
    Request request{RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE};
    tcmsg about{};
    about.tcm_family = AF_UNSPEC;
    about.tcm_ifindex = static_cast<int>(::if_nametoindex(kCable));
    about.tcm_parent = TC_H_ROOT;
    request.add(about);
    request.add(TCA_KIND, "netem");
    tc_netem_qopt options{};
    options.limit = 1000;
    options.loss = static_cast<std::uint32_t>(std::uint64_t{percent} * UINT32_MAX / 100);
    request.add(TCA_OPTIONS, &options, sizeof options);
    if (request.send() != 0) return false;
  }
  return true;
}

}  // namespace shunt::test
