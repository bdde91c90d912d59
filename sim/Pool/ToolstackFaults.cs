using TwoNodeHa.Sim.Time;

namespace TwoNodeHa.Sim.Pool;

/// <summary>Faults of one toolstack, settable while it runs. They outlive a restart of the process until cleared.</summary>
public sealed class ToolstackFaults
{
    private readonly List<Refusal> _refusals = [];
    private readonly Dictionary<string, int> _lostAnswers = new(StringComparer.Ordinal);
    private Signal? _hung;
    private Signal? _databaseHung;

    /// <summary>Nothing is answered any more; calls that came in are executed when this is cleared.</summary>
    public bool HangAll
    {
        get => _hung is not null;
        set => Switch(ref _hung, value);
    }

    /// <summary>Calls that need the database hang; `system.isAlive` and its like still answer.</summary>
    public bool HangDatabase
    {
        get => _databaseHung is not null;
        set => Switch(ref _databaseHung, value);
    }

    public double SlowFactor { get; set; } = 1;

    public TimeSpan SlowBy { get; set; }

    /// <summary>Every start of the process takes this much longer, before its socket is opened.</summary>
    public TimeSpan StartLate { get; set; }

    /// <summary>This host's copy of the database is no longer refreshed; attempts fail.</summary>
    public bool StaleDatabase { get; set; }

    /// <summary>The next VM start on this host ends with this error.</summary>
    public IReadOnlyList<string>? NextVmStartFails { get; set; }

    /// <summary>The next VM start on this host lasts that much longer.</summary>
    public TimeSpan? NextVmStartTakes { get; set; }

    /// <summary>Exit code of the scripts in host-pre-declare-dead (xapi.md 5.3).</summary>
    public int PreDeclareDeadHookExit { get; set; }

    /// <summary>designate_new_master fails between its two phases: the target ends up broken.</summary>
    public bool DesignateFails { get; set; }

    /// <summary>Asked before and after each call; true when something died just then, so that nobody waits for the answer.</summary>
    internal Func<string, StrikeMoment, bool> Strike { get; set; } = static (_, _) => false;

    /// <summary>Uuids of VMs whose VM.power_state_reset ends with an error each time.</summary>
    public HashSet<string> RefusedResets { get; } = new(StringComparer.Ordinal);

    public void Refuse(string method, int times, params string[] error) =>
        _refusals.Add(new Refusal(method, times, error));

    /// <summary>The next answers of the method are lost: it is executed, then the connection is cut.</summary>
    public void LoseAnswer(string method, int times = 1) => _lostAnswers[method] = times;

    /// <summary>Nothing is set that a call could meet.</summary>
    public bool AreQuiet => _hung is null && _databaseHung is null && SlowBy == TimeSpan.Zero && StartLate == TimeSpan.Zero && !StaleDatabase && NextVmStartFails is null && NextVmStartTakes is null
        && PreDeclareDeadHookExit == 0 && !DesignateFails && RefusedResets.Count == 0 && !_refusals.Exists(refusal => refusal.Left > 0) && !_lostAnswers.Values.Any(left => left > 0);

    public void Clear()
    {
        HangAll = false;
        HangDatabase = false;
        SlowFactor = 1;
        SlowBy = TimeSpan.Zero;
        StartLate = TimeSpan.Zero;
        StaleDatabase = false;
        NextVmStartFails = null;
        NextVmStartTakes = null;
        PreDeclareDeadHookExit = 0;
        DesignateFails = false;
        RefusedResets.Clear();
        _refusals.Clear();
        _lostAnswers.Clear();
    }

    internal Task UntilAnswering(bool needsDatabase)
    {
        if (_hung is not null)
        {
            return _hung.Wait();
        }

        return needsDatabase && _databaseHung is not null ? _databaseHung.Wait() : Task.CompletedTask;
    }

    internal void ThrowIfRefused(string method)
    {
        Refusal? refusal = _refusals.Find(candidate => candidate.Method == method && candidate.Left > 0);
        if (refusal is not null)
        {
            refusal.Left--;
            throw new ApiException([.. refusal.Error]);
        }
    }

    internal bool TakeLostAnswer(string method)
    {
        if (!_lostAnswers.TryGetValue(method, out int left) || left == 0)
        {
            return false;
        }

        _lostAnswers[method] = left - 1;
        return true;
    }

    private static void Switch(ref Signal? gate, bool on)
    {
        if (on)
        {
            gate ??= new Signal();
            return;
        }

        Signal? opened = gate;
        gate = null;
        opened?.Set();
    }

    private sealed class Refusal(string method, int times, IReadOnlyList<string> error)
    {
        public string Method { get; } = method;

        public int Left { get; set; } = times;

        public IReadOnlyList<string> Error { get; } = error;
    }
}

/// <summary>When something dies: before a step is done, or after it, before its answer arrives.</summary>
internal enum StrikeMoment
{
    Before,
    After,
}
