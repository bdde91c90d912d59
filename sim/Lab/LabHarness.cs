using System.Collections.Immutable;
using System.Diagnostics;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Sim.Lab.Parts;

namespace TwoNodeHa.Sim.Lab;

/// <summary>
/// Two emulated hosts with real daemons on a real network of namespaces, and the judge that watches them. Everything
/// goes when it is disposed, when this process ends, or, after a SIGKILL, when the next lab starts.
/// </summary>
internal sealed class LabHarness : IAsyncDisposable
{
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan StatusLimit = TimeSpan.FromSeconds(2);

    private readonly LabFolder _folder;
    private readonly LabSettings _settings;
    private readonly EventHandler _processExit;
    private readonly HostFirewall[] _firewalls;
    private int _disposed;

    private LabHarness(LabOptions options)
    {
        LabFolder.Sweep();
        Options = options;
        _folder = new LabFolder();
        Network = new LabNetwork(new NetworkOptions { Crossover = options.Crossover, Bonds = options.Bonds, TwoSides = options.TwoSides, Boards = options.Boards, San = options.Luns > 0 })
        {
            SpanningTree = options.SpanningTree,
        };
        _processExit = (_, _) => Clear();
        AppDomain.CurrentDomain.ProcessExit += _processExit;
        Truth = new TruthChecker(Id, Network.HostByNamespace());
        _settings = LabSettings.WriteAll(options, Id, _folder);
        _firewalls = [.. new[] { "a", "b" }.Select(host => new HostFirewall(Network, host, _folder.Of(host)))];
        A = Chassis("a");
        B = Chassis("b");
        Boards = options.Boards ? [Board(A), Board(B)] : [];
        Arbiter = options.Arbiter ? MakeArbiter() : null;
        San = options.Luns > 0 ? new LabSan(Network, _settings.SanDirectory, options.Luns) : null;
        Writes = San is null ? null : new WriteTruth(San.Files, options.Vms);
    }

    public LabOptions Options { get; }

    /// <summary>Name of this lab, which its VM processes bear.</summary>
    public string Id => $"lab-{Environment.ProcessId}-{_folder.Number}";

    public LabNetwork Network { get; }

    public TruthChecker Truth { get; }

    public EmulatedHost A { get; }

    public EmulatedHost B { get; }

    /// <summary>The arbiter; null without <see cref="LabOptions.Arbiter"/>.</summary>
    public LabArbiter? Arbiter { get; }

    /// <summary>The storage; null without <see cref="LabOptions.Luns"/>.</summary>
    public LabSan? San { get; }

    /// <summary>What was really written; null without <see cref="LabOptions.Luns"/>.</summary>
    public WriteTruth? Writes { get; }

    /// <summary>The boards of a and b; none without <see cref="LabOptions.Boards"/>.</summary>
    public ImmutableArray<LabBoard> Boards { get; }

    public LabStory Story { get; } = new();

    public EmulatedHost this[string host] => host == "a" ? A : B;

    /// <summary>Makes the network, switches both hosts on, and returns while they boot.</summary>
    public static LabHarness Start(LabOptions options)
    {
        var lab = new LabHarness(options);
        lab.Arbiter?.Start();
        lab.San?.Start();
        lab.A.PowerOn(warm: true);
        lab.B.PowerOn(warm: true);
        return lab;
    }

    public string DirectoryOf(string host) => _folder.Of(host);

    /// <summary>The file that a host probes as its storage; see <see cref="LabOptions.StorageProbes"/>.</summary>
    public string StorageProbeOf(string host) => _settings.StorageProbeOf(host);

    public string ConfigOf(string host) => _settings.ConfigOf(host);

    /// <summary>The baseboard of a host: faults of its toolstack, storage, clock and daemon.</summary>
    public BaseboardClient Baseboard(string host) => new(Path.Combine(_folder.Of(host), "bmc.sock"));

    public Task<ControlAnswer?> AskAsync(string host, ControlRequest request, TimeSpan? limit = null) =>
        ControlClient.AskAsync(_settings.ControlSocketOf(host), request, limit ?? StatusLimit);

    /// <summary>The command line tool of a host, as an operator in its shell would call it.</summary>
    public string[] CtlCommand(string host, params IEnumerable<string> words) =>
        [.. Repository.Ctl, .. words, "--socket", _settings.ControlSocketOf(host)];

    /// <summary>Events of a daemon, oldest first; empty when it does not answer.</summary>
    public async Task<EventLine[]> EventsAsync(string host) =>
        (await AskAsync(host, new ControlRequest.Events()))?.Events ?? [];

    /// <summary>Both hosts as they are now.</summary>
    public async Task<LabView> ViewAsync()
    {
        Task<HostView> a = HostViewAsync(A);
        Task<HostView> b = HostViewAsync(B);
        return new LabView(await a, await b);
    }

    /// <summary>Waits for something to become true; the ceiling is generous, since it only bounds a failure.</summary>
    public async Task<LabView> UntilAsync(string what, Func<LabView, bool> condition, int ceilingSeconds = 60)
    {
        var waited = Stopwatch.StartNew();
        while (true)
        {
            LabView view = await ViewAsync();
            if (condition(view))
            {
                return view;
            }

            ThrowIfDied();
            if (waited.Elapsed.TotalSeconds > ceilingSeconds * LabOptions.Patience)
            {
                throw Failed($"not within {waited.Elapsed.TotalSeconds:0} s: {what}\nseen: {view}");
            }

            await Task.Delay(Glance);
        }
    }

    /// <summary>Watches that something stays true for a while.</summary>
    public async Task StaysAsync(string what, Func<LabView, bool> condition, double seconds)
    {
        var watched = Stopwatch.StartNew();
        while (watched.Elapsed.TotalSeconds < seconds)
        {
            LabView view = await ViewAsync();
            if (!condition(view))
            {
                throw Failed($"after {watched.Elapsed.TotalSeconds:0.0} s no longer so: {what}\nseen: {view}");
            }

            await Task.Delay(Glance);
        }
    }

    /// <summary>Waits for both daemons, enables HA, waits until both hosts are paired with all VMs running.</summary>
    public async Task PairAsync()
    {
        await UntilAsync("both daemons answer and both toolstacks are up", view =>
            view is { A.Role: "master", B.Role: "slave" } && view.Running == Options.Vms
                && view.A.Status?.Vms.Length == Options.Vms && view.B.Status?.Vms.Length == Options.Vms
                && view is { A.Status.Toolstack: "ready", B.Status.Toolstack: "ready" }, ceilingSeconds: 300);
        Story.Mark("", "HA enabled");
        ControlAnswer? answer = await AskAsync("a", new OperatorRequest.Enable());
        if (answer is not { Ok: true })
        {
            throw Failed($"enable was refused: {answer?.Text ?? "no answer"}");
        }

        await UntilAsync("both hosts are paired and protected", view =>
            view.Both("Paired") && view is { A.Status.Protected: true, B.Status.Protected: true });
    }

    /// <summary>Writes of VMs of a host that its target answered with RESERVATION CONFLICT, as that host saw it.</summary>
    public int RefusedOf(string host) => Path.Combine(_folder.Of(host), "refused.log") is var log && File.Exists(log) ? File.ReadLines(log).Count() : 0;

    /// <summary>What a host's LUNs say of reservations arrives late by so much, and is old by then; writes are as quick as ever.</summary>
    public void AnswersLate(string host, double seconds) => File.WriteAllText(Path.Combine(_folder.Of(host), "answers-late"), $"{seconds}");

    /// <summary>Process id of the daemon of a host, seen from outside; null when none runs.</summary>
    public int? DaemonPid(string host) => DaemonProcess.Find(Network, host);

    /// <summary>Keeps the logs and makes the exception that says what was seen.</summary>
    public LabTimeoutException Failed(string message)
    {
        _folder.Keep = true;
        return new LabTimeoutException($"{message}\n{Network.Status()}\n{Story}\n{LastWords.Of(_folder.Path)}");
    }

    public ValueTask DisposeAsync()
    {
        Clear();
        return ValueTask.CompletedTask;
    }

    /// <summary>The board of a host.</summary>
    public LabBoard BoardOf(string host) => Boards[host == "a" ? 0 : 1];

    private LabBoard Board(EmulatedHost host) => new(
        host, Network.SpaceOf(LabBoard.Station(host.Name)), _folder.Of(LabBoard.Station(host.Name)), _settings.BoardSecret);

    private LabArbiter MakeArbiter() => new(Network, _settings.EtcdDirectory, Options.ArbiterMembers);

    private EmulatedHost Chassis(string host) => new(
        host, Network, Options.BootTime, Path.Combine(_folder.Of(host), "console.log"), () => _settings.CommandOf(host));

    private async Task<HostView> HostViewAsync(EmulatedHost host)
    {
        ControlAnswer? answer = host.Power == Power.On
            ? await AskAsync(host.Name, new ControlRequest.Status())
            : null;
        return new HostView(host.Name, host.Power, answer?.Status, Truth.On(host.Name));
    }

    private void ThrowIfDied()
    {
        ImmutableArray<HostEnd> ends = [.. A.Ends, .. B.Ends];
        if (ends.FirstOrDefault(end => end.Kind == HostEndKind.Died) is { } died)
        {
            throw Failed($"the emulation of host {died.Host} ended with exit code {died.ExitCode}");
        }
    }

    private void Clear()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        AppDomain.CurrentDomain.ProcessExit -= _processExit;
        // The boards first: none presses a button of a lab that ends.
        foreach (LabBoard board in Boards.IsDefault ? [] : Boards)
        {
            board.Dispose();
        }

        Arbiter?.Dispose();
        A?.Dispose();
        B?.Dispose();
        Truth?.Dispose();
        Writes?.Dispose();
        San?.Dispose();
        Array.ForEach(_firewalls ?? [], firewall => firewall.Dispose());
        Network?.Dispose();
        _folder.Dispose();
    }
}
