# Puts walls around this process and becomes another program. walls.ts calls it; docs/decisions/0019-hosts-walls-and-snapshot.md says why it is Perl.
# A wall that the kernel refuses is left out: nothing here is a reason not to start.
#
#   walls.pl ARCHITECTURE DESCRIPTORS REPORT NICENESS PATH… -- PROGRAM ARGS…
#
# ARCHITECTURE: as Node names it. DESCRIPTORS: how many stay open, from 0 on. REPORT: one of them that gets a line for each wall, `NAME up` or
# `NAME missing: REASON`, and -1 for none. NICENESS: 0 to 19. PATH…: all that can still be read, with what is beneath it; without any,
# that wall is left out.
use strict;

my ($architecture, $descriptors, $report, $niceness) = splice @ARGV, 0, 4;
my @visible;
while (@ARGV and (my $path = shift) ne '--') { push @visible, $path if -e $path }

my $is_root = $> == 0;
use constant { NOBODY => 65534, ROOT => '/sys' };    # a folder that every Linux has, and that nothing of ours lies in
use constant { CLONE_NEWNS => 0x20000, CLONE_NEWIPC => 0x8000000, CLONE_NEWUSER => 0x10000000, CLONE_NEWNET => 0x40000000, CLONE_THREAD => 0x10000 };
use constant { MS_RDONLY => 1, MS_NOSUID => 2, MS_NODEV => 4, MS_REMOUNT => 32, MS_BIND => 4096, MS_REC => 16384, MS_PRIVATE => 262144 };

# Numbers of system calls. Denied are those that reach another process, a socket, a mount, the kernel's keys, modules, clocks or tracing: none of
# them is of use to a host, and most holes in the kernel are behind them.
my %NUMBERS = (
  x64 => {
    audit => 0xc000003e, prctl => 157, prlimit64 => 302, seccomp => 317, clone => 56, kill => 62, tgkill => 234, mount => 165, unshare => 272,
    denied => [
      41, 57, 58, 101, 310, 311, 200, 129, 297, 165, 166, 155, 161, 272, 308, 304, 303, 321, 298, 248, 249, 250, 323, 175, 313, 176, 246, 320,
      169, 167, 168, 164, 227, 159, 305, 163, 179, 103, 135, 172, 173, 29, 30, 31, 64, 68, 240, 300, 322,
    ],
  },
  arm64 => {
    audit => 0xc00000b7, prctl => 167, prlimit64 => 261, seccomp => 277, clone => 220, kill => 129, tgkill => 131, mount => 40, unshare => 97,
    denied => [
      198, 117, 270, 271, 130, 138, 240, 40, 39, 41, 51, 97, 268, 265, 264, 280, 241, 217, 218, 219, 282, 105, 273, 106, 104, 294,
      142, 224, 225, 170, 112, 171, 266, 89, 60, 116, 92, 194, 196, 195, 190, 186, 180, 262, 281,
    ],
  },
);
my @DENIED_EVERYWHERE = (424 .. 434, 438, 440, 442);    # pidfd_*, io_uring_*, the newer calls that mount
my ($CLONE3, $CLOSE_RANGE) = (435, 436);
my $numbers = $NUMBERS{$architecture} or become("no system calls are known of $architecture");

sub call {
  my ($number, @arguments) = @_;
  return syscall($number, @arguments) != -1;
}

sub reported {
  my ($wall, $reason) = @_;
  return if $report < 0;
  open my $to, '>&=', $report or return;
  syswrite $to, "$wall " . (defined $reason ? "missing: $reason" : 'up') . "\n";
}

sub become {
  exec {$ARGV[0]} @ARGV;
  print STDERR "$ARGV[0] cannot be run: $!\n";
  exit 127;
}

sub spill {
  my ($file, $text) = @_;
  open my $to, '>', $file or return 0;
  return defined syswrite $to, $text;
}

# Each gives undef, or why it is missing.
my @walls = (
  descriptors => sub { call($CLOSE_RANGE, $descriptors + 0, 0x7fffffff, 0) ? undef : "close_range: $!" },
  priority => sub { setpriority(0, 0, $niceness) ? undef : "setpriority: $!" },
  # Neither a core, nor a byte in any file.
  dumps => sub {
    my $none = pack 'QQ', 0, 0;
    for my $limit (4, 1) { return "prlimit: $!" unless call($numbers->{prlimit64}, 0, $limit, $none, 0) }
    return undef;
  },
  network => sub {
    return undef if call($numbers->{unshare}, CLONE_NEWNET | CLONE_NEWIPC);
    my ($user, $group) = ($>, $) + 0);
    return "unshare: $!" unless call($numbers->{unshare}, CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWIPC);
    spill('/proc/self/setgroups', 'deny');
    spill('/proc/self/gid_map', NOBODY . " $group 1");
    spill('/proc/self/uid_map', NOBODY . " $user 1");
    return undef;
  },
  files => sub {
    return 'a host does not start without the rest' unless @visible;
    return "unshare: $!" unless call($numbers->{unshare}, CLONE_NEWNS);
    mount('none', '/', MS_REC | MS_PRIVATE) and mount('parley', ROOT, MS_NOSUID | MS_NODEV, 'tmpfs', 'mode=755,size=1m') or return "mount: $!";
    show($_) or return "mount $_: $!" for @visible;
    mount('none', ROOT, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV) or return "mount: $!";
    return chroot(ROOT) && chdir('/') ? undef : "chroot: $!";
  },
  user => sub {
    return 'the server is not root: its own user is kept' unless $is_root;
    $) = NOBODY . ' ' . NOBODY;
    $> = NOBODY;
    for my $needed (@visible) {
      next if -r $needed;
      ($>, $)) = (0, '0 0');
      return "nobody cannot read $needed";
    }
    $> = 0;
    $( = NOBODY;
    ($<, $>) = (NOBODY, NOBODY);
    return $< == NOBODY && $> == NOBODY ? undef : "setuid: $!";
  },
  privileges => sub {
    call($numbers->{prctl}, 24, $_, 0, 0, 0) for 0 .. 63;    # what a program run as root would be given; a nobody may not, and has none
    return call($numbers->{prctl}, 38, 1, 0, 0, 0) ? undef : "prctl: $!";
  },
  calls => sub {
    my @filter = filter();
    my $instructions = join '', @filter;
    my $program = pack 'S x![P] P', scalar @filter, $instructions;
    return call($numbers->{seccomp}, 1, 0, $program) ? undef : "seccomp: $!";
  },
);

sub mount {
  my ($from, $to, $flags, $type, $options) = @_;
  return call($numbers->{mount}, "$from", "$to", $type // 'none', $flags, $options // '');
}

# Makes a path appear under the new root, read-only.
sub show {
  my ($path) = @_;
  my ($made, @steps) = (ROOT, split m{/}, substr $path, 1);
  my $name = pop @steps;
  for (@steps) { $made .= "/$_"; mkdir $made }
  my $at = "$made/$name";
  return -l $at || symlink(readlink $path, $at) if -l $path;
  if (-d $path) { mkdir $at } else { open my $file, '>', $at or return 0 }
  return mount($path, $at, MS_BIND | MS_REC) && mount('none', $at, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV);
}

# Instructions of the Berkeley packet filter over struct seccomp_data: nr at 0, arch at 4, the low half of the first argument at 16.
sub filter {
  my $load = sub { pack 'SCCL', 0x20, 0, 0, shift };
  my $give = sub { pack 'SCCL', 0x06, 0, 0, shift };
  my $unless_equal = sub { my ($value, $skip) = @_; pack 'SCCL', 0x15, 0, $skip, $value };
  my ($allow, $deny, $unknown, $kill) = (0x7fff0000, 0x00050001, 0x00050026, 0x80000000);    # EPERM, ENOSYS
  return (
    $load->(4), $unless_equal->($numbers->{audit}, 1), pack('SCCL', 0x05, 0, 0, 1), $give->($kill),
    $load->(0), pack('SCCL', 0x35, 0, 1, 0x40000000), $give->($deny),
    (map { ($unless_equal->($_, 1), $give->($deny)) } @{ $numbers->{denied} }, @DENIED_EVERYWHERE),
    $unless_equal->($CLONE3, 1), $give->($unknown),    # its flags cannot be seen: the C library then asks for clone
    $unless_equal->($numbers->{clone}, 4), $load->(16), pack('SCCL', 0x45, 0, 1, CLONE_THREAD), $give->($allow), $give->($deny),
    (map { ($unless_equal->($_, 4), $load->(16), $unless_equal->($$, 1), $give->($allow), $give->($deny)) } $numbers->{kill}, $numbers->{tgkill}),
    $give->($allow),
  );
}

while (my ($wall, $build) = splice @walls, 0, 2) { reported($wall, $build->()) }
become();
