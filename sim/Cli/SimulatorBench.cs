using System.CommandLine;
using System.Diagnostics;
using TwoNodeHa.Sim.Fuzz;
using TwoNodeHa.Sim.Scenarios;

namespace TwoNodeHa.Sim.Cli;

/// <summary><c>sim bench simulator</c>: how fast virtual time goes, in processor time of this process.</summary>
internal static class SimulatorBench
{
    private const double HalfAnHour = 1800;
    private const int Warm = 200;
    private const int Schedules = 300;
    private const int Lives = 100;

    public static Command Create()
    {
        var command = new Command("simulator", "Speed of virtual time: quiet pair, with and without jumps, and fuzz schedules.");
        command.SetAction(_ => Run());
        return command;
    }

    private static int Run()
    {
        Fuzz(1, Warm);
        var month = Quiet(jump: true);
        Console.WriteLine($"quiet pair, one month:            {month,12:N0} x real time, {TimeSpan.FromDays(30).TotalSeconds / month:F3} s");
        Console.WriteLine($"quiet pair, every turn run:       {Quiet(jump: false),12:N0} x real time");
        foreach (var safety in Enum.GetValues<FuzzClass>())
        {
            var (cpu, simulated) = Fuzz(100_000, Schedules, safety);
            Console.WriteLine($"fuzz, class {safety}: {Schedules} schedules of {simulated / Schedules / 60:F0} simulated min: "
                + $"{Schedules / cpu:F0} schedules/s of one core, {simulated / cpu:N0} x real time");
            (cpu, simulated) = Fuzz(100_000, Lives, safety, lives: true);
            Console.WriteLine($"lives, class {safety}: {Lives} lives of {simulated / Lives / 60:F0} simulated min: {simulated / cpu / HalfAnHour:F0} half hours of lives/s of one core, "
                + $"{simulated / cpu:N0} x real time");
        }

        return 0;
    }

    private static double Quiet(bool jump)
    {
        var scenario = FuzzSchedule.Of(1, FuzzClass.C) with { Moves = [], Expected = [], End = TimeSpan.Zero };
        var run = new ScenarioRun(scenario, new Variant(0, 1));
        run.Run();
        var time = jump ? TimeSpan.FromDays(30) : TimeSpan.FromHours(3);
        var begin = Cpu();
        if (jump)
        {
            run.World.RunFor(time);
        }
        else
        {
            run.World.Scheduler.RunFor(time);
        }

        return time.TotalSeconds / (Cpu() - begin);
    }

    private static (double Cpu, double Simulated) Fuzz(int from, int count, FuzzClass safety = FuzzClass.C, bool lives = false)
    {
        var (begin, simulated) = (Cpu(), 0.0);
        for (var seed = from; seed < from + count; seed++)
        {
            simulated += FuzzCampaign.RunSeed(lives ? FuzzLives.Of(seed, safety) : FuzzSchedule.Of(seed, safety)).Simulated;
        }

        return (Cpu() - begin, simulated);
    }

    private static double Cpu() => Process.GetCurrentProcess().TotalProcessorTime.TotalSeconds;
}
