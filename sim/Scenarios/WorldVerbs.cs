using System.Text.Json.Nodes;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Sim.Pool;
using TwoNodeHa.Sim.Pool.Data;
using TwoNodeHa.Sim.Virtual;

namespace TwoNodeHa.Sim.Scenarios;

/// <summary>What can happen to a world, in words. The page docs/scenario-verbs.md is made of this table.</summary>
internal static partial class WorldVerbs
{
    public static readonly PhraseBook<Action<VirtualWorld, PhraseArguments>> Book = new(
    [
        // Power and machines.
        Verb("power off {host}", "power off a", "The power of a host fails; nothing on it goes on, its storage locks stay.",
            (world, args) => Host(world, args).PowerOff()),
        Verb("power on {host}", "power on a", "The host boots: its daemon starts after the boot time, then its toolstack.",
            (world, args) => Host(world, args).PowerOn()),
        Verb("reset {host}", "reset b", "Power off, and on again at once.", (world, args) => Host(world, args).Reset()),
        Verb("orderly reboot of {host}", "orderly reboot of a", "systemctl reboot from its shell: daemon told, VMs stopped by the platform, toolstack, daemon.",
            (world, args) => Orderly(world, Host(world, args), reboot: true)),
        Verb("orderly poweroff of {host}", "orderly poweroff of a", "systemctl poweroff from its shell, in the same order.",
            (world, args) => Orderly(world, Host(world, args), reboot: false)),
        Verb("freeze {host} for {time}", "freeze a for 3s", "The whole of dom0 stands still; guests, network card and watchdog go on.",
            FreezeHost),
        Verb("boot of {host} takes {time}", "boot of a takes 60s", "Time from power to the start of the daemon, from now on.",
            (world, args) => Host(world, args).BootTime = args.Time()),

        // Network.
        Verb("pull cable of {host}", "pull cable of a", "Both directions of the host's management port are cut.",
            (world, args) => world.Network.Cable(args.Host(), up: false)),
        Verb("plug cable of {host}", "plug cable of a", "The management port works again.",
            (world, args) => world.Network.Cable(args.Host(), up: true)),
        Verb("cut {host} outwards", "cut a outwards", "The host's management port sends nothing, but receives.",
            (world, args) => world.Network.Port(args.Host(), outwards: true, up: false)),
        Verb("cut {host} inwards", "cut a inwards", "The host's management port receives nothing, but sends.",
            (world, args) => world.Network.Port(args.Host(), outwards: false, up: false)),
        Verb("mend {host} outwards", "mend a outwards", "The port sends again.",
            (world, args) => world.Network.Port(args.Host(), outwards: true, up: true)),
        Verb("mend {host} inwards", "mend a inwards", "The port receives again.",
            (world, args) => world.Network.Port(args.Host(), outwards: false, up: true)),
        Verb("drop from {host} on {link}", "drop from a on mgmt", "What the host sends to the other on that link is lost; the gateway is still reached.",
            (world, args) => Drop(world, args, dropped: true)),
        Verb("pass from {host} on {link}", "pass from a on mgmt", "Ends such a drop.", (world, args) => Drop(world, args, dropped: false)),
        Verb("switch off", "switch off", "The management switch fails: no heartbeat over it, no gateway.",
            (world, _) => world.Network.SetSwitch(up: false)),
        Verb("switch on", "switch on", "The switch works again.", (world, _) => world.Network.SetSwitch(up: true)),
        Verb("pull crossover", "pull crossover", "The crossover cable between the hosts is pulled.",
            (world, _) => world.Network.SetCrossover(up: false)),
        Verb("plug crossover", "plug crossover", "The crossover cable is back.", (world, _) => world.Network.SetCrossover(up: true)),
        Verb("gateway off", "gateway off", "The gateway answers nobody.", (world, _) => world.Network.SetGateway(up: false)),
        Verb("gateway on", "gateway on", "The gateway answers again.", (world, _) => world.Network.SetGateway(up: true)),
        Verb("hide gateway from {host}", "hide gateway from a", "The gateway answers the other host only.",
            (world, args) => world.Network.HideGateway(args.Host(), hidden: true)),
        Verb("show gateway to {host}", "show gateway to a", "Ends that.",
            (world, args) => world.Network.HideGateway(args.Host(), hidden: false)),
        Verb("lose {share} on {link}", "lose 30% on mgmt", "That share of all packets is lost, the gateway's too on the management link.",
            (world, args) => Quality(world, args.Share(), args, (quality, share) => quality.Loss = share)),
        Verb("duplicate {share} on {link}", "duplicate 20% on mgmt", "That share of packets arrives twice.",
            (world, args) => Quality(world, args.Share(), args, (quality, share) => quality.Duplicate = share)),
        Verb("reorder {share} on {link}", "reorder 20% on mgmt", "That share is held back for up to 3 s, later ones pass.",
            (world, args) => Quality(world, args.Share(), args, (quality, share) => quality.Reorder = share)),
        Verb("delay {link} by {time}", "delay mgmt by 200ms", "Every packet takes that much longer, each way.",
            (world, args) => { var link = args.Link(); Retime(world, link, args.Time(), world.Network.Quality[link].Jitter); }),
        Verb("jitter {link} by {time}", "jitter mgmt by 50ms", "Every packet takes up to that much longer, at random.",
            (world, args) => { var link = args.Link(); Retime(world, link, world.Network.Quality[link].Delay, args.Time()); }),

        // The daemon.
        Verb("kill daemon on {host}", "kill daemon on a", "SIGKILL; the service manager starts it again.",
            (world, args) => Host(world, args).KillDaemon()),
        Verb("stop daemon on {host}", "stop daemon on a", "SIGTERM, as at a restart or an upgrade; it is started again when it has ended.",
            (world, args) => Host(world, args).Daemon?.Stop()),
        Verb("freeze daemon on {host} for {time}", "freeze daemon on a for 3s", "SIGSTOP, then SIGCONT.", FreezeDaemon),
        Verb("daemon of {host} restarts after {time}", "daemon of a restarts after 30s", "From now on the service manager waits that long.",
            (world, args) => Host(world, args).DaemonRestart = args.Time()),
        Verb("daemon of {host} never restarts", "daemon of a never restarts", "From now on a daemon that ended stays away.",
            (world, args) => Host(world, args).DaemonRestart = null),
        Verb("daemon of {host} is not installed", "daemon of a is not installed", "Nothing starts one any more, a boot neither; one that runs goes on.",
            (world, args) => Host(world, args).DaemonMissing = true),
        Verb("daemon of {host} is installed", "daemon of a is installed", "The next boot starts one again.",
            (world, args) => Host(world, args).DaemonMissing = false),
        Verb("start daemon on {host}", "start daemon on a", "The service manager starts it, if none runs.",
            (world, args) => Host(world, args).StartDaemon()),
        Verb("disk of {host} is full", "disk of a is full", "Nothing new can be written; the daemon's state is written in place.", (world, args) => Host(world, args).DiskFull = true),
        Verb("disk of {host} has room", "disk of a has room", "There is room again.", (world, args) => Host(world, args).DiskFull = false),
        Verb("disk of {host} is read-only", "disk of a is read-only", "The daemon's state cannot be written.", (world, args) => Host(world, args).DiskReadOnly = true),
        Verb("disk of {host} is writable", "disk of a is writable", "It can be written again.", (world, args) => Host(world, args).DiskReadOnly = false),
        Verb("disk of {host} is slow by {time}", "disk of a is slow by 2s", "Every write of the state takes that much longer.",
            (world, args) => Host(world, args).DiskSlowBy = args.Time()),
        Verb("state of {host} is torn", "state of a is torn", "The daemon's state file is damaged; the next daemon finds it so.",
            (world, args) => Tamper(world, args, static host => host.StateFileOrigin = DurableOrigin.Corrupt)),
        Verb("state of {host} is lost", "state of a is lost", "The daemon's state file is gone.", 
            (world, args) => Tamper(world, args, static host => host.StateFile = null)),
        Verb("state of {host} is copied", "state of a is copied", "A copy of the daemon's state file is kept, as a backup does.",
            (world, args) => { var host = Host(world, args); host.StateCopy = host.StateFile; }),
        Verb("state of {host} is restored", "state of a is restored", "That copy takes the place of the state file; the next daemon finds it.",
            (world, args) => Tamper(world, args, static host => host.StateFile = host.StateCopy ?? host.StateFile)),
        Verb("lease of {host} is lost", "lease of a is lost", "The run directory is emptied: no record of the daemon's right to run is left.",
            (world, args) => Host(world, args).LeaseFile = null),
        Verb("heartbeats into {host} are filtered", "heartbeats into a are filtered", "A firewall of that host drops the daemon's port; its kernel answers.",
            (world, args) => Host(world, args).Filtered = true),
        Verb("heartbeats into {host} pass", "heartbeats into a pass", "Ends that.", (world, args) => Host(world, args).Filtered = false),
        Verb("clock of {host} drifts {number} ppm", "clock of a drifts 400 ppm", "Its monotonic clock runs that much too fast (or slow, if negative).",
            (world, args) => Host(world, args).Clock.Drift(args.Number(), world.Scheduler.Now)),
        Verb("wall clock of {host} jumps {time}", "wall clock of a jumps 2h", "The wall clock is set; the monotonic one is not.",
            (world, args) => Host(world, args).WallOffset += args.Time()),
        Verb("key of {host} is wrong", "key of a is wrong", "Another key file: neither understands the other.", (world, args) => Host(world, args).WrongKey = true),
        Verb("key of {host} is right", "key of a is right", "The same key again.", (world, args) => Host(world, args).WrongKey = false),
        Verb("watchdog of {host} is missing", "watchdog of a is missing", "The next daemon finds no watchdog.",
            (world, args) => Host(world, args).WatchdogPresent = false),
        Verb("watchdog of {host} is there", "watchdog of a is there", "The next daemon finds one again.",
            (world, args) => Host(world, args).WatchdogPresent = true),
        Verb("configuration of {host} differs", "configuration of a differs", "Another kill bound; read by the next daemon.",
            (world, args) => Reconfigure(Host(world, args), differs: true)),
        Verb("configuration of {host} is equal", "configuration of a is equal", "The shared values again; read by the next daemon.",
            (world, args) => Reconfigure(Host(world, args), differs: false)),

        // Toolstack and hypervisor.
        Verb("crash toolstack on {host}", "crash toolstack on a", "The xapi process dies; the service manager restarts it.",
            (world, args) => Host(world, args).Toolstack.Crash()),
        Verb("stop toolstack on {host}", "stop toolstack on a", "systemctl stop xapi: it stays down.",
            StopToolstack),
        Verb("start toolstack on {host}", "start toolstack on a", "systemctl start xapi.", StartToolstack),
        Verb("hang toolstack on {host} for {time}", "hang toolstack on a for 30s", "xapi accepts calls and answers none.", HangToolstack),
        Verb("toolstack of {host} is slow by {time}", "toolstack of a is slow by 2s", "Every call takes that much longer.",
            (world, args) => Host(world, args).Toolstack.Faults.SlowBy = args.Time()),
        Verb("toolstack of {host} starts {time} late", "toolstack of a starts 5min late", "Every start of xapi takes that much longer, from now on.",
            (world, args) => Host(world, args).Toolstack.Faults.StartLate = args.Time()),
        Verb("toolstack of {host} refuses {word} {number} times", "toolstack of b refuses pool.emergency_transition_to_master 2 times",
            "The next calls of that method end with INTERNAL_ERROR.", Refuse),
        Verb("toolstack of {host} loses the answer of {word} {number} times", "toolstack of b loses the answer of VM.start_on 1 times",
            "It is executed, then the connection is cut.", LoseAnswer),
        Verb("resets of {vm} are refused", "resets of db are refused", "Every VM.power_state_reset of it ends with INTERNAL_ERROR.",
            (world, args) => RefuseResets(world, args, refused: true)),
        Verb("resets of {vm} pass", "resets of db pass", "They do what they should again.",
            (world, args) => RefuseResets(world, args, refused: false)),
        Verb("database copy of {host} is stale", "database copy of b is stale", "The copy that a slave keeps is no longer refreshed.",
            (world, args) => Host(world, args).Toolstack.Faults.StaleDatabase = true),
        Verb("next start on {host} fails with {word}", "next start on b fails with SR_BACKEND_FAILURE_47", "One VM start on that host ends with this code.",
            (world, args) => Host(world, args).Toolstack.Faults.NextVmStartFails = [args.Word(), "", ""]),
        Verb("native HA on", "native HA on", "The platform's own HA is switched on under us.", (world, _) => NativeHa(world, on: true)),
        Verb("native HA off", "native HA off", "It is switched off again.", (world, _) => NativeHa(world, on: false)),
        Verb("a third host joins", "a third host joins", "The pool's database gets another host.", (world, _) => ThirdHost(world)),
        Verb("list of {host} hangs", "list of a hangs", "The hypervisor's own list does not answer.", (world, args) => Host(world, args).ListHangs = true),
        Verb("list of {host} is slow by {time}", "list of a is slow by 1s", "The hypervisor's own list comes that much later.",
            (world, args) => Host(world, args).ListSlowBy = args.Time()),
        Verb("events of {host} come {time} late", "events of a come 8s late", "A change of XAPI's database is told to its daemon that much later, as by a follower of events that was thrown out.",
            (world, args) => Host(world, args).EventsLateBy = args.Time()),
        Verb("list of {host} answers", "list of a answers", "It does again.", (world, args) => Host(world, args).ListHangs = false),
        Verb("back-ends of {host} drain {time}", "back-ends of a drain 3s", "The disk back-ends of destroyed VMs write that much longer.",
            (world, args) => { var host = Host(world, args); host.Domains.DrainTime = args.Time(); }),
        Verb("{host} cannot reset itself", "a cannot reset itself", "Orders to reset or power off this host do nothing; its watchdog still works.",
            (world, args) => Host(world, args).CannotReset = true),
        Verb("{host} can reset itself", "a can reset itself", "They do again.", (world, args) => Host(world, args).CannotReset = false),
        Verb("{vm} cannot be destroyed", "web cannot be destroyed", "No hypervisor ends that domain.", (world, args) => Unkillable(world, args.Word(), on: true)),
        Verb("{vm} can be destroyed", "web can be destroyed", "It can be ended again.", (world, args) => Unkillable(world, args.Word(), on: false)),

        Verb("dom0 of {host} opens a shared disk", "dom0 of a opens a shared disk", "dom0 attaches a disk of the shared storage to itself, for writing: an import, a copy. XAPI does it: nothing where it does not run.",
            (world, args) => Open(Host(world, args), BackendKind.Tapdisk)),
        Verb("dom0 of {host} opens a local disk", "dom0 of a opens a local disk", "dom0 attaches a disk that only it can reach: a local ISO, a backup.",
            (world, args) => Host(world, args).Domains.OpenOwn(BackendKind.Tapdisk, shared: false)),
        Verb("dom0 of {host} closes its disks", "dom0 of a closes its disks", "It is done with them.",
            (world, args) => Host(world, args).Domains.CloseOwn(BackendKind.Tapdisk)),
        Verb("garbage collector of {host} runs", "garbage collector of a runs", "The storage manager of the SR master coalesces: it writes without any VM. XAPI's storage manager starts it: nothing where that does not run.",
            (world, args) => Open(Host(world, args), BackendKind.StorageCollector)),
        Verb("garbage collector of {host} ends", "garbage collector of a ends", "It is done.",
            (world, args) => Host(world, args).Domains.CloseOwn(BackendKind.StorageCollector)),

        // VMs, storage.
        Verb("{vm} crashes", "web crashes", "Its domain ends; nobody asked for it.", (world, args) => Crash(world, args.Word())),
        Verb("{vm} shuts itself down", "web shuts itself down", "The guest powers itself off from inside.", (world, args) => Crash(world, args.Word())),
        Verb("admin stops {vm}", "admin stops web", "VM.clean_shutdown through XAPI.", (world, args) => Admin(world, "VM.clean_shutdown", args.Word())),
        Verb("admin starts {vm}", "admin starts web", "VM.start through XAPI.", (world, args) => Admin(world, "VM.start", args.Word(), false, false)),
        Verb("admin reboots {vm}", "admin reboots web", "VM.clean_shutdown, then VM.start.", (world, args) => Reboot(world, args.Word())),
        Verb("admin migrates {vm} to {host}", "admin migrates web to b", "VM.pool_migrate, live; also to the host that it runs on.",
            (world, args) => { var vm = args.Word(); Administer(world, "VM.pool_migrate", _ => [Database.RefOf("VM", UuidOf(world, vm)), HostRef(world, args.Host()), new JsonObject { ["live"] = "true" }]); }),
        Verb("admin disables {host}", "admin disables b", "host.disable: no VM may start there.",
            (world, args) => Administer(world, "host.disable", _ => [HostRef(world, args.Host())])),
        Verb("admin disables {host} for good", "admin disables b for good", "host.disable with auto_enable=false: it stays disabled over restarts of its toolstack.",
            (world, args) => Administer(world, "host.disable", _ => [HostRef(world, args.Host()), false])),
        Verb("admin forgets {host}", "admin forgets b", "xe host-forget: XAPI takes it for a host that is down and holds no VM.",
            (world, args) => Administer(world, "host.destroy", _ => [HostRef(world, args.Host())])),
        Verb("admin enables {host}", "admin enables b", "host.enable.",
            (world, args) => Administer(world, "host.enable", _ => [HostRef(world, args.Host())])),
        Verb("admin evacuates {host}", "admin evacuates b", "host.evacuate: its VMs are migrated away, live.",
            (world, args) => Administer(world, "host.evacuate", _ => [HostRef(world, args.Host())])),
        Verb("admin designates {host}", "admin designates b", "pool.designate_new_master.",
            (world, args) => Administer(world, "pool.designate_new_master", _ => [HostRef(world, args.Host())])),
        Verb("admin restarts toolstack on {host}", "admin restarts toolstack on a", "xe-toolstack-restart.",
            (world, args) => _ = Host(world, args) is { PoweredOn: true } host ? host.Toolstack.RestartAsync() : null),
        Verb("admin blocks the start of {vm}", "admin blocks the start of web", "VM.add_to_blocked_operations with `start`, which XAPI's start_on passes.",
            (world, args) => Admin(world, "VM.add_to_blocked_operations", args.Word(), "start", "not now")),
        Verb("admin suspends {vm}", "admin suspends web", "VM.suspend through XAPI.", (world, args) => Admin(world, "VM.suspend", args.Word())),
        Verb("admin resumes {vm}", "admin resumes web", "VM.resume through XAPI.", (world, args) => Admin(world, "VM.resume", args.Word(), false, false)),
        Verb("admin checkpoints {vm}", "admin checkpoints web", "VM.checkpoint through XAPI.", (world, args) => Admin(world, "VM.checkpoint", args.Word(), "snapshot")),
        Verb("{vm} reboots itself", "web reboots itself", "The guest restarts from inside: no domain for a moment, then one with another number.", GuestReboots),
        Verb("{vm} restarts when it ends", "web restarts when it ends", "VM.actions_after_shutdown is restart: a domain builder that lives builds the VM again.", Restarts),
        Verb("migrations take {time}", "migrations take 20s", "Memory is copied for that long.",
            (world, args) => { var time = args.Time(); foreach (var host in world.Hosts) { host.Toolstack.MigrationTime = time; } }),
        Verb("lock of {vm} is left by {host}", "lock of web is left by a", "A storage lock of that host stays although it runs nothing.", LeaveLock),
        Verb("storage of {host} is lost", "storage of a is lost", "The path to the shared storage is cut for one host.",
            (world, args) => Storage(world, args, up: false)),
        Verb("storage of {host} is back", "storage of a is back", "The path works again.", (world, args) => Storage(world, args, up: true)),

        .. VmVerbs(),
        .. PlaceVerbs(),
        .. UpdateVerbs(),

        // Operator.
        Verb("operator enables HA on {host}", "operator enables HA on a", "ha-ctl enable.", (world, args) => Ask(world, args.Host(), new OperatorRequest.Enable())),
        Verb("operator disables HA on {host}", "operator disables HA on a", "ha-ctl disable.",
            (world, args) => Ask(world, args.Host(), new OperatorRequest.Disable(0, "scenario"))),
        Verb("operator disables HA on {host} for {time}", "operator disables HA on a for 2min", "ha-ctl disable --for.", DisableFor),
        Verb("operator begins maintenance of {host}", "operator begins maintenance of b", "ha-ctl maintenance on.",
            (world, args) => Ask(world, args.Host(), new OperatorRequest.Maintenance(true))),
        Verb("operator begins maintenance of {host} for {time}", "operator begins maintenance of b for 5min", "ha-ctl maintenance on --for.",
            (world, args) => { var host = args.Host(); var until = VirtualWorld.WallOrigin + (long)(world.Elapsed + args.Time() + world.Hosts[host].WallOffset).TotalMilliseconds; Ask(world, host, new OperatorRequest.Maintenance(true, until, "scenario")); }),
        Verb("operator ends maintenance of {host}", "operator ends maintenance of b", "ha-ctl maintenance off.",
            (world, args) => Ask(world, args.Host(), new OperatorRequest.Maintenance(false))),
        Verb("operator says on {host} that the peer is dead", "operator says on b that the peer is dead", "ha-ctl takeover --peer-is-dead.", Vouch),
        Verb("operator fences {host}", "operator fences a", "ha-ctl fence self.", FenceSelf),

        // The third party of class A.
        Verb("arbiter down", "arbiter down", "The lease store answers nobody.", (world, _) => world.Arbiter.StoreUp = false),
        Verb("arbiter up", "arbiter up", "It answers again.", (world, _) => world.Arbiter.StoreUp = true),
        Verb("arbiter lags by {time}", "arbiter lags by 2s", "Each way takes that much longer.", (world, args) => world.Arbiter.StoreLag = args.Time()),
        Verb("arbiter cut from {host}", "arbiter cut from a", "One host does not reach the store.", (world, args) => world.Arbiter.Reached[args.Host()] = false),
        Verb("arbiter joined to {host}", "arbiter joined to a", "It does again.", (world, args) => world.Arbiter.Reached[args.Host()] = true),
        Verb("arbiter refuses {host}", "arbiter refuses a", "The store no longer takes that host's credentials.", (world, args) => world.Arbiter.Trusted[args.Host()] = false),
        Verb("arbiter trusts {host}", "arbiter trusts a", "It does again.", (world, args) => world.Arbiter.Trusted[args.Host()] = true),
        Verb("arbiter is full", "arbiter is full", "The store renews leases and gives none.", (world, _) => world.Arbiter.Full = true),
        Verb("arbiter has room", "arbiter has room", "It gives leases again.", (world, _) => world.Arbiter.Full = false),
        Verb("arbiter changes its leader", "arbiter changes its leader", "No answer for 1.2 s, and every lease runs its full time again.",
            (world, _) => world.Arbiter.ChangeLeader()),
        Verb("arbiter is restored from a backup", "arbiter is restored from a backup", "The store knows of no lease, and its revision is that of the backup.",
            (world, _) => world.Arbiter.RestoreBackup()),
        Verb("fence agent down", "fence agent down", "The agent fails.", (world, _) => world.Board.AgentUp = false),
        Verb("fence agent up", "fence agent up", "It works again.", (world, _) => world.Board.AgentUp = true),
        Verb("fence agent takes {time}", "fence agent takes 8s", "From an order until the board cuts the power.", (world, args) => world.Board.OffTime = args.Time()),
        Verb("board of {host} is silent", "board of a is silent", "It answers nobody, as one that shares the power supply of its dead host.",
            (world, args) => world.Board.Silent[args.Host()] = true),
        Verb("board of {host} answers", "board of a answers", "It does again.", (world, args) => world.Board.Silent[args.Host()] = false),
        Verb("boards lie", "boards lie", "They say off and cut nothing.", (world, _) => world.Board.Lies = true),

        Verb("storage forgets reservations", "storage forgets reservations", "Another controller goes on that knows of no registration: everybody may write.",
            (world, _) => world.Luns.Forget()),
        Verb("storage recalls the key of {host}", "storage recalls the key of b", "A controller goes on with an old copy: a key that was taken away is there again.",
            (world, args) => world.Luns.Recall(args.Host())),
        Verb("replica of {host} is {word}", "replica of b is Outdated", "State of that host's data below the storage, as DRBD says it.",
            (world, args) => { var host = Host(world, args); host.ReplicaState = args.Word(); }),
        Verb("replication is cut", "replication is cut", "The cable of the replication is pulled.", (world, _) => world.ReplicationCut = true),
        Verb("replication is joined", "replication is joined", "It is plugged again.", (world, _) => world.ReplicationCut = false),
        Verb("lun {number} answers nobody", "lun 2 answers nobody", "No command about its reservations is answered; writes go on.",
            (world, args) => world.Luns.Unreadable[Lun(args)] = true),
        Verb("lun {number} answers", "lun 2 answers", "It does again.", (world, args) => world.Luns.Unreadable[Lun(args)] = false),
        Verb("storage lags by {time}", "storage lags by 500ms", "Commands about reservations take that much longer each way.", (world, args) => world.Luns.Lag = args.Time()),

        Verb("admin names a master if there is none", "admin names a master if there is none",
            "With HA disabled nobody promotes a host after two toolstacks demoted each other at their start (xapi.md 8.1): an administrator does.",
            (world, _) => NameMaster(world)),
        Verb("repair", "repair", "What nature and a technician do: paths, power, disks and clocks work again. Nobody touches XAPI or the daemon.",
            (world, _) => Repair(world)),
        Verb("heal", "heal", "Everything is repaired and powered on; what was done is not undone.", (world, _) => Heal(world)),
    ]);

    private static Phrase<Action<VirtualWorld, PhraseArguments>> Verb(
        string pattern, string example, string meaning, Action<VirtualWorld, PhraseArguments> action) =>
        new(pattern, example, meaning, action);

    private static int Lun(PhraseArguments args) => (int)Math.Clamp(args.Number() - 1, 0, Core.Config.ReservationRules.LunsMax - 1);

    private static VirtualHost Host(VirtualWorld world, PhraseArguments args) => world.Hosts[args.Host()];

    private static void Open(VirtualHost host, BackendKind kind)
    {
        if (host.PoweredOn && host.Toolstack.State == ServiceState.Active)
        {
            host.Domains.OpenOwn(kind);
        }
    }

    private static void FreezeHost(VirtualWorld world, PhraseArguments args)
    {
        var host = Host(world, args);
        var life = host.Life;
        host.Freeze();
        world.Later(args.Time(), () =>
        {
            if (life == host.Life)
            {
                host.Thaw();
            }
        });
    }

    private static void StopToolstack(VirtualWorld world, PhraseArguments args)
    {
        var host = Host(world, args);
        host.AdminStoppedToolstack = true;
        _ = host.Toolstack.StopAsync();
    }

    private static void StartToolstack(VirtualWorld world, PhraseArguments args)
    {
        var host = Host(world, args);
        host.AdminStoppedToolstack = false;
        if (host.PoweredOn)
        {
            host.Toolstack.Start();
        }
    }

    private static void FreezeDaemon(VirtualWorld world, PhraseArguments args)
    {
        var daemon = Host(world, args).Daemon;
        daemon?.Freeze();
        world.Later(args.Time(), () => daemon?.Thaw());
    }

    private static void HangToolstack(VirtualWorld world, PhraseArguments args)
    {
        var host = Host(world, args);
        host.Toolstack.Faults.HangAll = true;
        world.Later(args.Time(), () => host.Toolstack.Faults.HangAll = host.Frozen);
    }

    private static void Drop(VirtualWorld world, PhraseArguments args, bool dropped)
    {
        var host = args.Host();
        world.Network.Drop(args.Link(), host, dropped);
    }

    private static void Quality(VirtualWorld world, double share, PhraseArguments args, Action<LinkQuality, double> set)
    {
        set(world.Network.Quality[args.Link()], share);
        world.Checker.Disturbed();
    }

    private static void Retime(VirtualWorld world, int link, TimeSpan delay, TimeSpan jitter)
    {
        (world.Network.Quality[link].Delay, world.Network.Quality[link].Jitter) = (delay, jitter);
        world.Checker.Disturbed();
    }

    private static void Tamper(VirtualWorld world, PhraseArguments args, Action<VirtualHost> with)
    {
        var host = Host(world, args);
        with(host);
        world.Checker.Tampered(host);
    }

    private static void Reconfigure(VirtualHost host, bool differs)
    {
        var config = host.OwnConfig.Config;
        host.Config = !differs ? host.OwnConfig : new Core.Config.LocalConfig(
            config with { Timing = config.Timing with { KillBound = config.Timing.KillBound + TimeSpan.FromSeconds(1) } }, host.Index);
    }

    private static void Refuse(VirtualWorld world, PhraseArguments args)
    {
        var faults = Host(world, args).Toolstack.Faults;
        var method = args.Word();
        faults.Refuse(method, args.Number(), "INTERNAL_ERROR", "refused by the scenario");
    }

    private static void RefuseResets(VirtualWorld world, PhraseArguments args, bool refused)
    {
        var uuid = Vm(world, args).Uuid;
        foreach (var host in world.Hosts)
        {
            var resets = host.Toolstack.Faults.RefusedResets;
            _ = refused ? resets.Add(uuid) : resets.Remove(uuid);
        }
    }

    private static void LoseAnswer(VirtualWorld world, PhraseArguments args)
    {
        var faults = Host(world, args).Toolstack.Faults;
        var method = args.Word();
        faults.LoseAnswer(method, args.Number());
    }

    private static void NativeHa(VirtualWorld world, bool on)
    {
        foreach (var host in world.Hosts)
        {
            host.Toolstack.SetNativeHa(on);
        }

        world.Checker.PoolIsForeign = on;
    }

    private static void ThirdHost(VirtualWorld world)
    {
        if (Master(world)?.Toolstack.Records is not { } records)
        {
            return;
        }

        var copy = records.All("host").First();
        var fields = copy.Snapshot();
        var uuid = PoolDefinition.UuidOf("host", "third");
        world.Checker.PoolIsForeign = true;
        (fields["uuid"], fields["name_label"], fields["address"]) = (uuid, "third", "192.0.2.13");
        records.Add("host", Database.RefOf("host", uuid), fields);
    }

    private static void Unkillable(VirtualWorld world, string vm, bool on)
    {
        var uuid = world.Pool.Vms.First(definition => definition.Name == vm).Uuid;
        foreach (var host in world.Hosts)
        {
            _ = on ? host.Domains.RefuseKill.Add(uuid) : host.Domains.RefuseKill.Remove(uuid);
        }
    }

    private static void Crash(VirtualWorld world, string vm)
    {
        foreach (var host in world.Hosts)
        {
            if (host.Domains.List().FirstOrDefault(domain => domain.VmName == vm) is { } domain)
            {
                host.Domains.Destroy(domain.Domid);
            }
        }
    }

    private static void GuestReboots(VirtualWorld world, PhraseArguments args)
    {
        var uuid = Vm(world, args).Uuid;
        foreach (var host in world.Hosts)
        {
            host.Toolstack.RebootGuest(uuid);
        }
    }

    private static void Restarts(VirtualWorld world, PhraseArguments args)
    {
        var uuid = Vm(world, args).Uuid;
        Master(world)?.Toolstack.Records?.FindByUuid("VM", uuid)?.Set("actions_after_shutdown", "restart");
        foreach (var host in world.Hosts)
        {
            host.Toolstack.RestartWhenItEnds(uuid);
        }
    }

    private static VmDefinition Vm(VirtualWorld world, PhraseArguments args)
    {
        var name = args.Word();
        return world.Pool.Vms.First(definition => definition.Name == name);
    }

    private static void Orderly(VirtualWorld world, VirtualHost host, bool reboot)
    {
        if (host.PoweredOn && !host.GoingDown)
        {
            world.Hold(OrderlyShutdown.RunAsync(world, host, reboot));
        }
    }

    private static string UuidOf(VirtualWorld world, string vm) => world.Pool.Vms.First(definition => definition.Name == vm).Uuid;

    private static JsonNode HostRef(VirtualWorld world, int host) => world.Hosts[host].Toolstack.HostRef;

    /// <summary>An administrator's call on the master, whatever becomes of it.</summary>
    private static void Administer(VirtualWorld world, string method, Func<VirtualHost, JsonNode?[]> arguments)
    {
        if (Master(world) is not { } master)
        {
            world.Log("admin", $"{method}: no master answers");
            return;
        }

        world.Hold(AdministerAsync(world, master, method, arguments(master)));
    }

    private static async Task AdministerAsync(VirtualWorld world, VirtualHost master, string method, JsonNode?[] arguments)
    {
        var login = await master.Toolstack.CallAsync(CallOrigin.Unix, "session.login_with_password", new("root", "", "1.0", "admin")).ConfigureAwait(false);
        if (login is CallReply.Success session)
        {
            JsonArray all = [session.Value?.DeepClone(), .. arguments.Select(argument => argument?.DeepClone())];
            var reply = await master.Toolstack.CallAsync(CallOrigin.Unix, method, all).ConfigureAwait(false);
            world.Log("admin", $"{method}: {(reply is CallReply.Failure failure ? failure.Error[0] : reply.GetType().Name)}");
        }
    }

    private static void Reboot(VirtualWorld world, string vm)
    {
        if (Master(world) is not { } master)
        {
            world.Log("admin", $"reboot of {vm}: no master answers");
            return;
        }

        world.Hold(RebootAsync(world, master, vm));
    }

    private static async Task RebootAsync(VirtualWorld world, VirtualHost master, string vm)
    {
        await AdminAsync(world, master, "VM.clean_shutdown", vm, []).ConfigureAwait(false);
        await AdminAsync(world, master, "VM.start", vm, [false, false]).ConfigureAwait(false);
    }

    private static VirtualHost? Master(VirtualWorld world) =>
        world.Hosts.FirstOrDefault(host => host.PoweredOn && host.Toolstack.Records is not null);

    /// <summary>An administrator's call on the master; the world waits for its end, at most five minutes.</summary>
    private static void Admin(VirtualWorld world, string method, string vm, params JsonNode?[] rest)
    {
        if (Master(world) is not { } master)
        {
            world.Log("admin", $"{method} {vm}: no master answers");
            return;
        }

        world.Hold(AdminAsync(world, master, method, vm, rest));
    }

    private static async Task AdminAsync(VirtualWorld world, VirtualHost master, string method, string vm, JsonNode?[] rest)
    {
        var uuid = world.Pool.Vms.First(definition => definition.Name == vm).Uuid;
        if (method.EndsWith("shutdown", StringComparison.Ordinal))
        {
            world.Checker.Unwanted(uuid);
        }

        var login = await master.Toolstack.CallAsync(CallOrigin.Unix, "session.login_with_password", new("root", "", "1.0", "admin")).ConfigureAwait(false);
        if (login is CallReply.Success session)
        {
            var reply = await master.Toolstack.CallAsync(
                CallOrigin.Unix, method, new([session.Value?.DeepClone(), Database.RefOf("VM", uuid), .. rest])).ConfigureAwait(false);
            world.Log("admin", $"{method} {vm}: {(reply is CallReply.Failure failure ? failure.Error[0] : reply.GetType().Name)}");
        }
    }

    private static void LeaveLock(VirtualWorld world, PhraseArguments args)
    {
        var name = args.Word();
        var vm = world.Pool.Vms.First(definition => definition.Name == name);
        world.Storage.TryLock(new VdiLock(PoolDefinition.VdiUuid(vm), world.Pool.SrOf(vm).Uuid, Host(world, args).Config.Self.Uuid.ToString()));
    }

    private static void Storage(VirtualWorld world, PhraseArguments args, bool up)
    {
        Host(world, args).StorageLost = !up;
    }

    private static OperatorReply? Ask(VirtualWorld world, int host, OperatorRequest request)
    {
        world.HaSwitch = request switch
        {
            OperatorRequest.Enable => true,
            OperatorRequest.Disable => false,
            _ => world.HaSwitch,
        };
        var reply = world.Hosts[host].Daemon?.Ask(request);
        world.Log("admin", $"{request.GetType().Name} on {world.Hosts[host].Name}: {reply?.Text ?? "the daemon does not answer"}");
        return reply;
    }

    private static void DisableFor(VirtualWorld world, PhraseArguments args)
    {
        var host = args.Host();
        var until = VirtualWorld.WallOrigin + (long)(world.Elapsed + args.Time() + world.Hosts[host].WallOffset).TotalMilliseconds;
        Ask(world, host, new OperatorRequest.Disable(until, "scenario"));
    }

    private static void Vouch(VirtualWorld world, PhraseArguments args)
    {
        var host = args.Host();
        var reply = Ask(world, host, new OperatorRequest.Takeover());
        world.Checker.OperatorVouched(world.Hosts[host], reply is { Accepted: true });
    }

    private static void FenceSelf(VirtualWorld world, PhraseArguments args)
    {
        var host = args.Host();
        world.Checker.FenceAsked(host);
        Ask(world, host, new OperatorRequest.FenceSelf());
    }

    private static void NameMaster(VirtualWorld world)
    {
        var off = world.Hosts.All(host => host is { PoweredOn: true, Daemon.State.Status: HaStatus.Disabled });
        if (off && world.Hosts.All(host => host.Toolstack.Status.RoleFile != "master"))
        {
            world.Hosts[0].Disk.Write(Role.FileName, "master");
            world.Hosts[0].Toolstack.Crash();
        }
    }

    private static void Repair(VirtualWorld world)
    {
        world.Network.Heal();
        world.Arbiter.Heal();
        world.Board.Heal();
        world.Luns.Heal();
        foreach (var host in world.Hosts)
        {
            (host.StorageLost, host.DiskFull, host.DiskReadOnly, host.ListHangs, host.WrongKey, host.WatchdogPresent, host.Filtered) = (false, false, false, false, false, true, false);
            (host.DiskSlowBy, host.ListSlowBy, host.EventsLateBy, host.DaemonRestart) = (TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero, TimeSpan.FromSeconds(1));
            host.Clock.Drift(0, world.Scheduler.Now);
            host.Domains.RefuseKill.Clear();
            (host.Domains.DrainTime, host.CannotReset) = (TimeSpan.FromMilliseconds(30), false);
            host.Toolstack.Faults.Clear();
            host.Thaw();
            host.ComesBack = true;
            host.PowerOn();
            host.StartDaemon();
            Reconfigure(host, differs: false);
        }
    }

    private static string VmOf(VirtualWorld world, string vdi) =>
        world.Pool.Vms.FirstOrDefault(vm => PoolDefinition.VdiUuid(vm) == vdi)?.Uuid ?? "";

    private static void Heal(VirtualWorld world)
    {
        world.Network.Heal();
        world.Arbiter.Heal();
        world.Board.Heal();
        world.Luns.Heal();
        NativeHa(world, on: false);
        foreach (var left in world.Storage.Locks().Where(held => !world.Hosts.Any(host => host.Domains.IsWriting(VmOf(world, held.VdiUuid)))))
        {
            world.Storage.Unlock(left.VdiUuid, left.HostUuid);
        }

        foreach (var host in world.Hosts)
        {
            if (host.StorageWasLost)
            {
                // Plugs what could not be plugged, as an administrator's xe pbd-plug does.
                host.Toolstack.Crash();
            }

            (host.StorageWasLost, host.StorageLost, host.DiskFull, host.DiskReadOnly, host.ListHangs, host.WrongKey, host.WatchdogPresent) = (false, false, false, false, false, false, true);
            (host.DiskSlowBy, host.ListSlowBy, host.EventsLateBy, host.DaemonRestart, host.Filtered) = (TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero, TimeSpan.FromSeconds(1), false);
            host.Clock.Drift(0, world.Scheduler.Now);
            host.Domains.RefuseKill.Clear();
            (host.Domains.DrainTime, host.CannotReset) = (TimeSpan.FromMilliseconds(30), false);
            host.Toolstack.Faults.Clear();
            host.Thaw();
            host.ComesBack = true;
            host.PowerOn();
            host.StartDaemon();
            Reconfigure(host, differs: false);
            if (host.Daemon is { } daemon && (!daemon.State.Watchdog.Facts.Present || daemon.Config != host.Config))
            {
                // The administrator restarts the daemon after what it reads only at its start was repaired.
                daemon.Stop();
            }

            if (host is { PoweredOn: true, BootGuarded: false } && host.Toolstack.State == ServiceState.Inactive && host.Daemon is { State.Status: not (HaStatus.Fencing or HaStatus.Fenced) })
            {
                host.Toolstack.Start();
            }
        }
    }
}
