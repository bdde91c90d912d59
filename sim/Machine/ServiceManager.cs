using TwoNodeHa.Sim.Pool;
using TwoNodeHa.Sim.Time;

namespace TwoNodeHa.Sim.Machine;

/// <summary>
/// The node's end of the scripts that ask it (`systemctl`, `reset-host`, strikes of all): lines `[id] [arguments]` from a named pipe, answers as
/// files whose first line is the exit code.
/// </summary>
internal sealed class ServiceManager
{
    private static readonly string[] XapiUnits = ["xapi", "xapi.service", "toolstack.target", "xe-toolstack"];

    private const string BuilderUnit = "xenopsd-xc";

    private readonly HostDirectory _directory;
    private readonly RealScheduler _scheduler;
    private readonly Toolstack _toolstack;
    private readonly Action _resetHost;
    private readonly Strikes _strikes;

    public ServiceManager(HostDirectory directory, RealScheduler scheduler, Toolstack toolstack, Action resetHost, Strikes strikes)
    {
        _strikes = strikes;
        _directory = directory;
        _scheduler = scheduler;
        _toolstack = toolstack;
        _resetHost = resetHost;
    }

    public void Start()
    {
        File.Delete(_directory.ServiceFifo);
        if (Native.MakeFifo(_directory.ServiceFifo, 0x180) != 0)
        {
            throw new IOException("cannot create " + _directory.ServiceFifo);
        }

        new Thread(Read) { IsBackground = true, Name = "systemctl" }.Start();
    }

    private void Read()
    {
        // Opened for reading and writing: the pipe never reports its end while no script has it open.
        using var pipe = new FileStream(
            _directory.ServiceFifo, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 1);
        using var reader = new StreamReader(pipe);
        while (reader.ReadLine() is { } line)
        {
            _ = AnswerAsync(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        }
    }

    private async Task AnswerAsync(string[] words)
    {
        if (words.Length < 2)
        {
            return;
        }

        if (words is [_, "strike", var step, var victim])
        {
            _strikes.Kill(step, victim);
            return;
        }

        (int code, string text) = words[1] == "reset-host" ? Reset() : await ObeyAsync(words[1..]).ConfigureAwait(false);
        string answer = Path.Combine(_directory.ServiceAnswers, words[0]);
        await File.WriteAllTextAsync(answer + ".new", $"{code}\n{text}").ConfigureAwait(false);
        File.Move(answer + ".new", answer, overwrite: true);
    }

    private (int Code, string Text) Reset()
    {
        _resetHost();
        return (0, "");
    }

    private async Task<(int Code, string Text)> ObeyAsync(string[] words)
    {
        string verb = words[0];
        if (!words.Skip(1).Any(word => XapiUnits.Contains(word)))
        {
            return verb == "is-active" ? (3, "inactive\n") : (0, "");
        }

        switch (verb)
        {
            case "start":
                await _scheduler.InvokeAsync(() => _toolstack.Start()).ConfigureAwait(false);
                return (0, "");
            case "stop":
                await EndBuilderAsync(words).ConfigureAwait(false);
                await _scheduler.InvokeAsync(DoneAsync(_toolstack.StopAsync)).ConfigureAwait(false);
                return (0, "");
            case "restart":
                await _scheduler.InvokeAsync(DoneAsync(_toolstack.RestartAsync)).ConfigureAwait(false);
                return (0, "");
            case "kill":
                return await KillAsync(words).ConfigureAwait(false);
            case "is-active":
                ServiceState state = await _scheduler.InvokeAsync(() => _toolstack.State).ConfigureAwait(false);
                return (state == ServiceState.Active ? 0 : 3, state.ToString().ToLowerInvariant() + "\n");
            default:
                return (1, $"Unknown operation {verb}.\n");
        }
    }

    /// <summary>The domain builder is a service of its own; it starts with xapi, which needs it.</summary>
    private async Task EndBuilderAsync(string[] words)
    {
        if (words.Contains(BuilderUnit))
        {
            await _scheduler.InvokeAsync(() => _toolstack.KillUnit(builder: true)).ConfigureAwait(false);
        }
    }

    private async Task<(int Code, string Text)> KillAsync(string[] words)
    {
        await EndBuilderAsync(words).ConfigureAwait(false);
        bool orderly = !words.Any(word => word.Contains("KILL", StringComparison.Ordinal) || word is "-9" or "9");
        await _scheduler.InvokeAsync(() => _toolstack.Crash(orderly ? 143 : 137)).ConfigureAwait(false);
        return (0, "");
    }

    private static Func<Task<bool>> DoneAsync(Func<Task> work) => async () =>
    {
        await work().ConfigureAwait(false);
        return true;
    };
}
